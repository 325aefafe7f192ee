shapelint --write-baseline shapelint-baseline.json .   # once, and commit the file
shapelint --baseline shapelint-baseline.json .         # from then on: new faults alone fail
