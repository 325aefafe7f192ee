"""Stand-in for what timm 1.0.31's models with `features_only=True` say of their maps, interpreted in its place."""


class FeatureInfo:
    def __init__(self, info):
        self.info = info

    def __len__(self):
        return len(self.info)

    def __getitem__(self, index):
        return self.info[index]

    def get_dicts(self):
        return self.info

    def chosen(self, key, idx):
        if idx is None:
            return [one[key] for one in self.info]
        return self.info[idx][key] if isinstance(idx, int) else [self.info[index][key] for index in idx]

    def channels(self, idx=None):
        return self.chosen("num_chs", idx)

    def reduction(self, idx=None):
        return self.chosen("reduction", idx)
