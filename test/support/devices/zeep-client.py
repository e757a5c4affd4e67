"""Asks an ONVIF camera by a client that is made from the WSDL of ONVIF and takes nothing that its schema does not have.

Arguments: folder of the WSDL files, origin of the camera, user, password. Prints what each question gave as JSON.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.helpers import serialize_object
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

FOLDER, ORIGIN, USER, PASSWORD = sys.argv[1:5]
PROFILE = {"ProfileToken": "profile_main"}
SOURCE = {"VideoSourceToken": "source"}
STREAM = {"StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}}

CONFIGURATIONS = {"Type": ["VideoSource", "VideoEncoder", "PTZ"]}

# Service: WSDL file, binding, questions in their order.
SERVICES = {
    "device": ("www.onvif.org.ver10.device.wsdl", "ver10/device/wsdl", "DeviceBinding", [
        ("GetSystemDateAndTime", {}), ("GetDeviceInformation", {}), ("GetServices", {"IncludeCapability": False}),
        ("GetCapabilities", {"Category": "All"}), ("GetServiceCapabilities", {}), ("GetScopes", {}),
        ("GetHostname", {}), ("GetUsers", {}), ("GetNetworkInterfaces", {}), ("GetNetworkProtocols", {}),
        ("GetNetworkDefaultGateway", {}), ("GetDNS", {}), ("GetNTP", {}), ("GetDiscoveryMode", {}),
        ("SetNTP", {"FromDHCP": False, "NTPManual": [{"Type": "IPv4", "IPv4Address": "10.0.0.1"}]}),
        ("GetNTP", {}),
        ("SetSystemDateAndTime", {
            "DateTimeType": "NTP", "DaylightSavings": True, "TimeZone": {"TZ": "GMT0BST,M3.5.0/1,M10.5.0"},
        }),
        ("GetSystemDateAndTime", {}),
    ]),
    "media": ("www.onvif.org.ver10.media.wsdl", "ver10/media/wsdl", "MediaBinding", [
        ("GetServiceCapabilities", {}), ("GetProfiles", {}), ("GetProfile", PROFILE), ("GetVideoSources", {}),
        ("GetVideoSourceConfigurations", {}), ("GetVideoEncoderConfigurations", {}),
        ("GetVideoEncoderConfigurationOptions", {"ProfileToken": "profile_sub"}),
        ("GetStreamUri", {**STREAM, **PROFILE}), ("GetSnapshotUri", PROFILE),
    ]),
    "media2": ("www.onvif.org.ver20.media.wsdl", "ver20/media/wsdl", "Media2Binding", [
        ("GetServiceCapabilities", {}), ("GetProfiles", {}), ("GetProfiles", CONFIGURATIONS),
        ("GetProfiles", {"Token": "profile_sub", "Type": ["All"]}), ("GetVideoSourceConfigurations", {}),
        ("GetVideoEncoderConfigurations", {}), ("GetStreamUri", {"Protocol": "RTSP", **PROFILE}),
        ("GetSnapshotUri", PROFILE),
    ]),
    "imaging": ("www.onvif.org.ver20.imaging.wsdl", "ver20/imaging/wsdl", "ImagingBinding", [
        ("GetOptions", SOURCE), ("GetImagingSettings", SOURCE),
        ("SetImagingSettings", {**SOURCE, "ImagingSettings": {"Brightness": 61.0, "IrCutFilter": "OFF"}}),
        ("GetImagingSettings", SOURCE),
    ]),
    "ptz": ("www.onvif.org.ver20.ptz.wsdl", "ver20/ptz/wsdl", "PTZBinding", [
        ("GetPresets", PROFILE), ("GetConfigurationOptions", {"ConfigurationToken": "ptz_configuration"}),
        ("ContinuousMove", {**PROFILE, "Velocity": {"PanTilt": {"x": 0.5, "y": 0.0}}, "Timeout": timedelta(seconds=1)}),
        ("Stop", {**PROFILE, "PanTilt": True, "Zoom": True}),
    ]),
    "restart": ("www.onvif.org.ver10.device.wsdl", "ver10/device/wsdl", "DeviceBinding", [("SystemReboot", {})]),
}
# Where a service is found, if not under its own name.
PATHS = {"restart": "device"}


class Files(Transport):
    """The files as they are, but for two: the types are older than Media2, the name space of imaging is in a comment."""

    def load(self, url):
        data = super().load(url)
        if url.endswith("ver10.schema.xsd"):
            more = (Path(FOLDER).parent / "media2-types.xsd").read_bytes()
            types = more[more.index(b">", more.index(b"<xs:schema")) + 1:more.rindex(b"</xs:schema>")]
            return data.replace(b"</xs:schema>", types + b"</xs:schema>", 1)
        if not url.endswith("imaging.wsdl"):
            return data
        name = b'<wsdl:definitions targetNamespace="http://www.onvif.org/ver20/imaging/wsdl" '
        return data.replace(b"<wsdl:definitions ", name, 1)


def ask(service, operation, arguments):
    try:
        answer = getattr(service, operation)(**arguments)
        return {"operation": operation, "answer": serialize_object(answer, dict)}
    except Fault as fault:
        return {"operation": operation, "fault": fault.message}
    except Exception as error:  # What the schema does not have ends in many kinds of error.
        return {"operation": operation, "error": f"{type(error).__name__}: {error}"}


def main():
    told = {}
    for name, (file, namespace, binding, questions) in SERVICES.items():
        token = UsernameToken(USER, PASSWORD, use_digest=True)
        where = (Path(FOLDER) / file).as_uri()
        client = Client(where, wsse=token, transport=Files(), settings=Settings(strict=True))
        address = f"{ORIGIN}/onvif/{PATHS.get(name, name)}_service"
        service = client.create_service(f"{{http://www.onvif.org/{namespace}}}{binding}", address)
        told[name] = [ask(service, *question) for question in questions]
    print(json.dumps(told, default=str))


main()
