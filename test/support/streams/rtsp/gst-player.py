"""A player that is not ours: GStreamer's rtspsrc, over TCP.

Reads one JSON line {"url", "username", "password", "frames"} and prints one {"video": [...], "audio": [...]}: when the
first frames of each track are shown, seconds of one clock (null where a frame has no time). Ends with what is wrong as
soon as something is. GST_PLUGIN_PATH says where GStreamer's plug-ins are; only those named below are loaded, since the
others lack libraries of their own.
"""

import json
import os
import sys

PLUGINS = ["coreelements", "typefindfunctions", "rtp", "rtpmanager", "rtsp", "udp", "tcp", "videoparsersbad", "audioparsers"]
DIRECTORY = os.environ.pop("GST_PLUGIN_PATH")
os.environ["GST_PLUGIN_SYSTEM_PATH_1_0"] = ""
LIMIT_S = 60

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst

Gst.init(None)
for plugin in PLUGINS:
    Gst.Plugin.load_file(os.path.join(DIRECTORY, f"libgst{plugin}.so"))

CHAINS = {
    ("video", "H264"): ["rtph264depay", "h264parse", "fakesink"],
    ("video", "H265"): ["rtph265depay", "h265parse", "fakesink"],
    ("audio", "MPEG4-GENERIC"): ["rtpmp4gdepay", "aacparse", "fakesink"],
}


class Player:
    def __init__(self, settings):
        self.loop = GLib.MainLoop()
        self.frames = settings["frames"]
        self.times = {}
        self.problem = None
        self.pipeline = Gst.Pipeline.new(None)
        source = Gst.ElementFactory.make("rtspsrc", None)
        for name, value in (("location", "url"), ("user-id", "username"), ("user-pw", "password")):
            source.set_property(name, settings[value])
        source.set_property("protocols", 4)
        # By the stamps alone: else times are bent towards when packets come, which is many at once.
        source.set_property("buffer-mode", 0)
        source.connect("pad-added", self.added)
        source.connect("no-more-pads", self.complete)
        self.pipeline.add(source)
        self.tracks = None
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.told)

    def added(self, _source, pad):
        caps = pad.get_current_caps().get_structure(0)
        media = caps.get_string("media")
        chain = CHAINS.get((media, caps.get_string("encoding-name")))
        if chain is None:
            self.over(f"no way to read {caps.to_string()}")
            return
        self.times[media] = []
        elements = [Gst.ElementFactory.make(name, None) for name in chain]
        elements[-1].set_property("signal-handoffs", True)
        elements[-1].set_property("sync", False)
        # Tracks come one after the other: a sink that waits for the others to be ready can wait for ever.
        elements[-1].set_property("async", False)
        elements[-1].connect("handoff", self.taken, media)
        for element in elements:
            self.pipeline.add(element)
        for one, other in zip(elements, elements[1:]):
            one.link(other)
        for element in elements:
            element.sync_state_with_parent()
        pad.link(elements[0].get_static_pad("sink"))

    def complete(self, _source):
        self.tracks = len(self.times)

    def taken(self, _sink, buffer, pad, media):
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
        at = segment.to_running_time(Gst.Format.TIME, buffer.pts)
        self.times[media].append(None if at == Gst.CLOCK_TIME_NONE else at / Gst.SECOND)
        enough = all(len(times) >= self.frames for times in self.times.values())
        if self.tracks == len(self.times) and enough:
            GLib.idle_add(self.loop.quit)

    def told(self, _bus, message):
        if message.type == Gst.MessageType.ERROR:
            self.over(str(message.parse_error()))
        elif message.type == Gst.MessageType.WARNING:
            self.over(str(message.parse_warning()))
        elif message.type == Gst.MessageType.EOS:
            self.over("the stream has ended")

    def over(self, problem):
        self.problem = self.problem or problem
        self.loop.quit()

    def run(self):
        GLib.timeout_add_seconds(LIMIT_S, self.over, "not enough within the time")
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)


player = Player(json.loads(sys.stdin.readline()))
player.run()
if player.problem:
    sys.exit(player.problem)
print(json.dumps({media: times[: player.frames] for media, times in player.times.items()}))
