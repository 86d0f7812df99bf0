"""Starts ministack with patches for what AWS does and ministack 1.5.33 does not. Each says what would fail without it.

Usage: the Python of the virtual environment, with ministack's settings in the environment. It ends when its standard
input does, so that it never outlives the program that started it.
"""

import base64
import io
import itertools
import json
import os
import signal
import string
import sys
import tempfile
import threading
import zipfile
import zlib

from ministack import app
from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch, lambda_svc, s3, secretsmanager
from ministack.services.cloudformation import provisioners


def patch(module, name):
    """Replaces a function of a module. The new one gets the old one as its first argument."""

    def decorate(replacement):
        original = getattr(module, name)
        setattr(module, name, lambda *args, **options: replacement(original, *args, **options))

    return decorate


# `Ref` of a secret is its ARN. With ministack's name instead, no policy would allow reading it.
secrets = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
name_of = lambda arn: secretsmanager._resolve(arn)[0]
with_arn = lambda created: (created[1]["Arn"], created[1])
create, update, delete = secrets["create"], secrets["update"], secrets["delete"]
secrets["create"] = lambda *args: with_arn(create(*args))
secrets["update"] = lambda arn, *args, **options: with_arn(update(name_of(arn), *args, **options))
secrets["delete"] = lambda arn, props: delete(name_of(arn), props)


# A generated secret becomes part of a URL, so it must not contain punctuation where the template forbids it.
@patch(provisioners, "_sm_secret_string")
def generate(original, props):
    generator = dict(props.get("GenerateSecretString") or {})
    if generator.get("ExcludePunctuation"):
        generator["ExcludeCharacters"] = generator.get("ExcludeCharacters", "") + string.punctuation
        props = {**props, "GenerateSecretString": generator}
    return original(props)


# A version is never overwritten. The functions rely on it where two of them save a session at once.
@patch(secretsmanager, "_put_secret_value")
def put_version(original, data):
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    version = data.get("ClientRequestToken")
    stored = secret and secret["Versions"].get(version)
    if not stored:
        return original(data)
    if stored["SecretString"] != data.get("SecretString"):
        return error_response_json("ResourceExistsException", "The version exists with other content.", 400)
    names = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": version}
    return json_response({**names, "VersionStages": stored["Stages"]})


# Alarms with metric math are refused, and the stack with them. One of their metrics stands for all.
@patch(provisioners, "_cw_metric_alarm_record")
def record(original, name, props):
    queries = [query["MetricStat"] for query in props.get("Metrics") or [] if "MetricStat" in query]
    if queries:
        metric, rest = queries[0], {key: value for key, value in props.items() if key != "Metrics"}
        props = {**rest, **metric["Metric"], "Period": metric["Period"], "Statistic": metric["Stat"]}
    return original(name, props)


# CloudWatch makes metrics of log lines in its embedded format. Without them, `npm run doctor` sees no report of a PBX.
@patch(lambda_svc, "_emit_lambda_logs")
def emit_logs(original, func, request_id, log_text, *args, **options):
    for line in (log_text or "").splitlines():
        if not line.startswith('{"_aws":'):
            continue
        values = json.loads(line)
        for directive in values["_aws"]["CloudWatchMetrics"]:
            for names, metric in itertools.product(directive["Dimensions"], directive["Metrics"]):
                dimensions = {name: values[name] for name in names}
                cloudwatch.record_metric(
                    directive["Namespace"], metric["Name"], values[metric["Name"]], metric["Unit"], dimensions
                )
    return original(func, request_id, log_text, *args, **options)


# A multipart upload may have a checksum of the whole object, which ministack takes for one of the parts' checksums.
@patch(s3, "_create_multipart_upload")
def begin_upload(original, bucket, key, headers):
    known = set(s3._multipart_uploads)
    status, answer, body = original(bucket, key, headers)
    for upload_id in set(s3._multipart_uploads) - known:
        s3._multipart_uploads[upload_id]["full_object"] = headers.get("x-amz-checksum-type") == "FULL_OBJECT"
    return status, answer, body


@patch(s3, "_complete_multipart_upload")
def complete_upload(original, bucket, key, body, query, headers):
    upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
    if not upload or not upload["full_object"]:
        return original(bucket, key, body, query, headers)
    crc32 = 0
    for _, part in sorted(upload["parts"].items()):
        crc32 = zlib.crc32(part["body"], crc32)
    checksum = base64.b64encode(crc32.to_bytes(4, "big")).decode()
    if headers.get("x-amz-checksum-crc32") != checksum:
        return s3._error("BadDigest", "The CRC32 you specified did not match the calculated checksum.", 400)
    others = {name: value for name, value in headers.items() if name != "x-amz-checksum-crc32"}
    response = original(bucket, key, body, query, others)
    if response[0] == 200:
        stored = s3._ensure_bucket(bucket)["objects"][key]
        stored.update(checksums={"CRC32": checksum}, checksum_type="FULL_OBJECT")
    return response


# Lambda unpacks layers into /opt, which is one directory for all on this machine. Each worker gets its own.
@patch(lambda_runtime.Worker, "_spawn")
def spawn(original, worker):
    opt = tempfile.mkdtemp(prefix="opt-")
    for layer in worker.config.get("Layers") or []:
        zipfile.ZipFile(io.BytesIO(lambda_svc._resolve_layer_zip(layer))).extractall(opt)
    variables = (worker.config.get("Environment") or {}).get("Variables") or {}
    moved = {name: opt + value[4:] if value.startswith("/opt/") else value for name, value in variables.items()}
    worker.config = {**worker.config, "Environment": {"Variables": moved}}
    return original(worker)


# An HTTP API answers 403 to an unsigned request for a route with IAM authorization. ministack lets it through.
@patch(app, "_enforce_execute_api")
def authorize(original, api, stage, method, path, headers, query, **options):
    is_signed = app.extract_access_key_id(headers, query)
    if app._execute_api_authorization_type(api, stage, method, path) == "AWS_IAM" and not is_signed:
        return 403, {"Content-Type": "application/json"}, b'{"message":"Forbidden"}'
    return original(api, stage, method, path, headers, query, **options)


# An HTTP API passes cookies in a list, and not as a header. Without it, nobody who has signed in is recognized.
@patch(lambda_svc, "_execute_function_with_config_scope")
def pass_cookies(original, func, event):
    if event.get("version") == "2.0" and "cookie" in event["headers"]:
        headers = dict(event["headers"])
        cookies = headers.pop("cookie").split("; ")
        event = {**event, "headers": headers, "cookies": cookies}
    return original(func, event)


# A function may swallow a denial, so each is printed here, where nothing can.
@patch(iam_evaluator, "enforce")
def enforce(original, access_key, action, service, region, resource_arn="*", service_context=None):
    denial = original(access_key, action, service, region, resource_arn, service_context)
    principal = getattr(denial, "principal_arn", None) or getattr(denial, "code", "")
    if denial:
        print(f"DENIED {principal} {action} {resource_arn}", flush=True)
    return denial


# With TLS, ministack would listen on port 443 as well.
app._port_is_bindable = lambda *_: False


def end_with_parent():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=end_with_parent, daemon=True).start()
app.main()
