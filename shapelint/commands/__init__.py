"""What the commands do, apart from how their options are parsed."""
