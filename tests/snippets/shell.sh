pip install shapelint
shapelint --output-format junit --output-file shapelint.xml configs || status=$?
case "${status:-0}" in
  0) echo "every chain fits" ;;
  1) shapelint configs; exit 1 ;;
  *) echo "shapelint could not check everything"; exit 2 ;;
esac
