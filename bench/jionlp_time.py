"""Parses the time expressions of texts by jionlp; runs under an interpreter that has it (see README.md).

In: a JSON array of texts a line. Out: for each line the seconds of processor time it took, and how many were found.
"""

import json
import sys
import time

import jionlp

jionlp.ner.extract_time("2022年3月5日前办结", time_base={"year": 2022})  # loads its tables
print("ready", flush=True)
for line in sys.stdin:
    texts = json.loads(line)
    began = time.process_time()
    found = sum(len(jionlp.ner.extract_time(text, time_base={"year": 2022})) for text in texts)
    print(time.process_time() - began, found, flush=True)
