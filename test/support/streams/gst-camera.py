"""A camera that is not ours: GStreamer's RTSP server, serving one clip over and over as /live.

Reads one JSON line {"address", "clip", "method": "basic"|"digest", "username", "password"} and prints its port. Ends
with its standard input. GST_PLUGIN_PATH says where GStreamer's plug-ins are; only those named below are loaded, since
the others lack libraries of their own.
"""

import json
import os
import sys
import threading

PLUGINS = ["coreelements", "typefindfunctions", "isomp4", "videoparsersbad", "rtp", "rtpmanager", "udp", "tcp", "app"]
DIRECTORY = os.environ.pop("GST_PLUGIN_PATH")
os.environ["GST_PLUGIN_SYSTEM_PATH_1_0"] = ""

import gi

for name in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

Gst.init(None)
for plugin in PLUGINS:
    Gst.Plugin.load_file(os.path.join(DIRECTORY, f"libgst{plugin}.so"))


def authentication(settings):
    auth = GstRtspServer.RTSPAuth.new()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    user, password = settings["username"], settings["password"]
    if settings["method"] == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    return auth


def role():
    text = "user,media.factory.access=(boolean)true,media.factory.construct=(boolean)true"
    found = Gst.Structure.new_from_string(text)
    return found[0] if isinstance(found, tuple) else found


def main():
    settings = json.loads(sys.stdin.readline())
    server = GstRtspServer.RTSPServer.new()
    server.set_address(settings["address"])
    server.set_service("0")
    server.set_auth(authentication(settings))
    factory = GstRtspServer.RTSPMediaFactory.new()
    clip = settings["clip"]
    source = f'filesrc location="{clip}" ! qtdemux ! h264parse config-interval=1 ! rtph264pay name=pay0 pt=96'
    factory.set_launch(f"( {source} )")
    factory.add_role_from_structure(role())
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    GLib.MainLoop().run()


def end_with_input():
    sys.stdin.read()
    os._exit(0)


main()
