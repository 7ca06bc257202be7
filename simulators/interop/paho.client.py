"""paho's client on the WebSocket transport, driven by lines of JSON on its input; each event is a line of JSON on its output.

{"do": "connect", "version": 4 or 5, "port", "path", "id", "user", "password", "clean"}
{"do": "subscribe", "topic", "qos"}  {"do": "unsubscribe", "topic"}
{"do": "publish", "topic", "base64" or "text", "qos", "retain"}
{"do": "disconnect"}  {"do": "drop"} (ends the process without a word to the hub)
"""
import base64
import json
import os
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

client = None


def say(event, **fields):
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


def code(reason):
    return reason.value if hasattr(reason, "value") else reason


def on_connect(_client, _data, flags, reason, properties=None):
    user = dict(getattr(properties, "UserProperty", []) or [])
    say("connect", code=code(reason), present=int(flags["session present"]), user=user)


def on_disconnect(_client, _data, reason, properties=None):
    say("disconnect", code=code(reason))


def on_subscribe(_client, _data, mid, granted, properties=None):
    say("subscribe", mid=mid, granted=[code(one) for one in granted])


def on_unsubscribe(_client, _data, mid, *_more):
    say("unsubscribe", mid=mid)


def on_publish(_client, _data, mid):
    say("publish", mid=mid)


def on_message(_client, _data, message):
    text = message.payload.decode("utf-8")
    say("message", topic=message.topic, qos=message.qos, dup=bool(message.dup), text=text)


def connect(call):
    global client
    version = call["version"]
    more = {} if version == 5 else {"clean_session": call["clean"]}
    client = mqtt.Client(client_id=call["id"], transport="websockets", protocol=version, **more)
    client.ws_set_options(path=call["path"])
    client.username_pw_set(call["user"], call["password"])
    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.on_subscribe = on_subscribe
    client.on_unsubscribe = on_unsubscribe
    client.on_publish = on_publish
    client.on_message = on_message
    # One connection is one scenario: a second one would hide how the first ended.
    client.reconnect_delay_set(min_delay=3600, max_delay=3600)
    options = {}
    if version == 5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0 if call["clean"] else 600
        options = {"clean_start": call["clean"], "properties": properties}
    client.connect("127.0.0.1", call["port"], keepalive=60, **options)
    client.loop_start()


def payload(call):
    return base64.b64decode(call["base64"]) if "base64" in call else call["text"]


for line in sys.stdin:
    call = json.loads(line)
    if call["do"] == "connect":
        connect(call)
    elif call["do"] == "subscribe":
        client.subscribe(call["topic"], call["qos"])
    elif call["do"] == "unsubscribe":
        client.unsubscribe(call["topic"])
    elif call["do"] == "publish":
        client.publish(call["topic"], payload(call), call["qos"], call.get("retain", False))
    elif call["do"] == "disconnect":
        client.disconnect()
    elif call["do"] == "drop":
        os._exit(0)
