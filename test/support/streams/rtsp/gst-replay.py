"""The card of a camera that is not ours: GStreamer's RTSP server with its ONVIF replay, as /replay.

Reads one JSON line {"address", "clip", "fromMs", "username", "password"} and prints its port: the clip was recorded from
that moment on, Unix ms. Then prints a line for each PLAY: the moment that it was sent to. Ends with its standard input.
GST_PLUGIN_PATH says where GStreamer's plug-ins are; only those named below are loaded, since the others lack libraries
of their own.
"""

import json
import os
import sys
import threading

PLUGINS = ["coreelements", "typefindfunctions", "isomp4", "videoparsersbad", "rtp", "rtpmanager", "rtponvif", "udp"]
PLUGINS += ["tcp", "app"]
DIRECTORY = os.environ.pop("GST_PLUGIN_PATH")
os.environ["GST_PLUGIN_SYSTEM_PATH_1_0"] = ""
# Times of replay count from 1900 (ONVIF Streaming Specification), those of Unix from 1970.
AHEAD_S = 2_208_988_800

import gi

for name in ("Gst", "GstApp", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer

Gst.init(None)
for plugin in PLUGINS:
    Gst.Plugin.load_file(os.path.join(DIRECTORY, f"libgst{plugin}.so"))


def pictures_of(clip):
    """Every coded picture with its time, its length and whether decoding may begin with it; and what they are."""
    parsed = "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au"
    pipeline = Gst.parse_launch(f'filesrc location="{clip}" ! qtdemux ! {parsed} ! appsink name=all sync=false')
    pipeline.set_state(Gst.State.PLAYING)
    sink = pipeline.get_by_name("all")
    pictures, caps = [], None
    while True:
        sample = sink.emit("pull-sample")
        if sample is None:
            break
        buffer, caps = sample.get_buffer(), sample.get_caps()
        data = buffer.extract_dup(0, buffer.get_size())
        pictures.append((buffer.pts, buffer.duration, not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT), data))
    pipeline.set_state(Gst.State.NULL)
    first = pictures[0][0]
    return [(pts - first, duration, key, data) for pts, duration, key, data in pictures], caps


class Card:
    """What is asked of an appsrc, answered with pictures whose times are those of the day."""

    def __init__(self, settings):
        self.began = int((settings["fromMs"] / 1000 + AHEAD_S) * Gst.SECOND)
        self.pictures, self.caps = pictures_of(settings["clip"])
        self.next = 0

    def configure(self, _factory, media):
        source = media.get_element().get_by_name_recurse_up("card") or media.get_element().get_by_name("card")
        source.set_property("caps", self.caps)
        source.set_property("format", Gst.Format.TIME)
        source.set_property("stream-type", GstApp.AppStreamType.SEEKABLE)
        last = self.pictures[-1]
        source.set_property("duration", self.began + last[0] + last[1])
        source.connect("need-data", self.give)
        source.connect("seek-data", self.seek)

    def seek(self, _source, at):
        print(json.dumps({"toMs": at / Gst.MSECOND - AHEAD_S * 1000}), flush=True)
        # From the next picture that decoding may begin with: what lies before the moment has no time in its segment.
        after = (index for index, one in enumerate(self.pictures) if one[2] and self.began + one[0] >= at)
        self.next = next(after, len(self.pictures))
        return True

    def give(self, source, _wanted):
        if self.next >= len(self.pictures):
            source.emit("end-of-stream")
            return
        pts, duration, key, data = self.pictures[self.next]
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = buffer.dts = self.began + pts
        buffer.duration = duration
        if not key:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        self.next += 1
        source.emit("push-buffer", buffer)


def authentication(settings):
    auth = GstRtspServer.RTSPAuth.new()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(settings["username"], settings["password"], token)
    return auth


def role():
    text = "user,media.factory.access=(boolean)true,media.factory.construct=(boolean)true"
    found = Gst.Structure.new_from_string(text)
    return found[0] if isinstance(found, tuple) else found


def main():
    settings = json.loads(sys.stdin.readline())
    server = GstRtspServer.RTSPOnvifServer.new()
    server.set_address(settings["address"])
    server.set_service("0")
    server.set_auth(authentication(settings))
    factory = GstRtspServer.RTSPOnvifMediaFactory.new()
    times = "rtponviftimestamp name=pay0 ntp-offset=0 set-e-bit=true set-t-bit=true drop-out-of-segment=false"
    factory.set_launch(f"( appsrc name=card ! h264parse ! rtph264pay config-interval=-1 pt=96 ! {times} )")
    factory.set_replay_support(True)
    factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia.__gtype__)
    factory.add_role_from_structure(role())
    card = Card(settings)
    factory.connect("media-configure", card.configure)
    server.get_mount_points().add_factory("/replay", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    GLib.MainLoop().run()


def end_with_input():
    sys.stdin.read()
    os._exit(0)


main()
