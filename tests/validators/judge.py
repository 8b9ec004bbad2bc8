"""Judges documents by the package jsonschema: python3 judge.py WORK RESULT

WORK is {"schemas": {name: schema}, "documents": [[name, document]]}, RESULT {draft: [whether each document is valid]}.
"""

import json
import pathlib
import sys

import jsonschema

work = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
answers = {}
for draft, kind in [("draft-07", jsonschema.Draft7Validator), ("2020-12", jsonschema.Draft202012Validator)]:
    judges = {}
    for name, schema in work["schemas"].items():
        kind.check_schema(schema)
        judges[name] = kind(schema)
    answers[draft] = [judges[name].is_valid(document) for name, document in work["documents"]]
pathlib.Path(sys.argv[2]).write_text(json.dumps(answers), encoding="utf-8")
