"""The work of check-mpijob, which says what it is."""

import copy
import sys

import jsonschema
import yaml


def closed(schema):
    """A schema of Kubernetes as one of JSON Schema that allows no unknown fields."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        schema["type"] = ["integer", "string"]
        schema.pop("anyOf", None)
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    return schema


def schemas(crd):
    """The schema of each kind that is checked here."""
    (version,) = [v for v in crd["spec"]["versions"] if v["name"] == "v2beta1"]
    job = closed(version["schema"]["openAPIV3Schema"])
    pod = job["properties"]["spec"]["properties"]["mpiReplicaSpecs"]["additionalProperties"]["properties"]["template"]
    volume = pod["properties"]["spec"]["properties"]["volumes"]["items"]
    claim = volume["properties"]["ephemeral"]["properties"]["volumeClaimTemplate"]
    text, record = {"type": "string"}, {"type": "object"}
    claim = {
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {"apiVersion": {"const": "v1"}, "kind": text, "metadata": record, "spec": claim["properties"]["spec"]},
        "additionalProperties": False,
    }
    job["properties"]["apiVersion"] = {"const": "kubeflow.org/v2beta1"}
    job["required"] = ["apiVersion", "kind", "metadata", "spec"]
    return {"MPIJob": job, "PersistentVolumeClaim": claim}


def mistakes(document, known):
    schema = known.get(document.get("kind"))
    if schema is None:
        return [f"kind {document.get('kind')}: no schema"]
    found = jsonschema.Draft7Validator(schema).iter_errors(document)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:160]}" for e in found]


def without(path):
    def change(document):
        *parents, last = path
        for key in parents:
            document = document[key]
        del document[last]

    return change


def with_value(value, *path):
    def change(document):
        *parents, last = path
        for key in parents:
            document = document[key]
        document[last] = value

    return change


WORKER = ("spec", "mpiReplicaSpecs", "Worker", "template", "spec")
BROKEN = {
    "a misspelled field": with_value(3, "spec", "runPolicy", "backofLimit"),
    "a misspelled field of a pod": with_value(9, *WORKER, "terminationGracePeriod"),
    "a wrong type": with_value("two", "spec", "slotsPerWorker"),
    "a wrong type in a pod": with_value("2222", *WORKER, "containers", 0, "ports"),
    "a value that is none of those allowed": with_value("LAM", "spec", "mpiImplementation"),
    "a required field missing": without(("spec", "mpiReplicaSpecs")),
    "a required field of a container missing": without((*WORKER, "containers", 0, "name")),
}


def main():
    with open(sys.argv[1]) as file:
        known = schemas(yaml.safe_load(file))
    wrong = 0
    for name in sys.argv[2:]:
        with open(name) as file:
            for document in yaml.safe_load_all(file):
                found = mistakes(document, known)
                wrong += len(found)
                print("WRONG" if found else "ok   ", name, document.get("kind"), document["metadata"]["name"], *found, sep=" ")
                if document.get("kind") != "MPIJob" or found:
                    continue
                for what, change in BROKEN.items():
                    broken = copy.deepcopy(document)
                    change(broken)
                    found = mistakes(broken, known)
                    wrong += not found
                    print("ok    refused:" if found else "WRONG accepted:", what, "--", *found[:1])
    sys.exit(1 if wrong else 0)


main()
