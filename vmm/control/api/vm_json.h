// What VmControl answers, as the JSON of docs/openapi.yaml; and what clients send, back from it.
// Each text is one object on one line, ended by a newline.
// Thread rule: any thread; no state is kept.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vmm/control/vm_control.h"

namespace skiff {

std::string to_json(const VmInfo& info);
std::string to_json(const VmEvent& event);
std::string to_json(const ControlError& error);
std::string to_json(const MachineStats& stats);
std::string to_json(const DeviceInfo& device);
std::string to_json(const ConsoleInfo& console);
std::string to_json(std::span<const DeviceInfo> devices);
std::string to_json(std::span<const ConsoleInfo> consoles);

// Bodies of requests; an empty one asks for nothing. What is wrong comes back as bad_request.
ControlResult<StopRequest> parse_stop_request(std::string_view text);
ControlResult<DeviceChange> parse_device_change(std::string_view text);

// For clients. Members that are not there keep their defaults: the VM may be an older Skiff's.
std::optional<VmInfo> parse_vm_info(std::string_view text);
std::optional<VmEvent> parse_event(std::string_view text);
std::optional<ControlError> parse_error(std::string_view text);

std::string_view to_text(VmState state);            // "running"
std::string_view to_text(ControlError::Kind kind);  // "not-found"
// UTC, with milliseconds: "2026-01-31T12:00:00.000Z".
std::string to_text(std::chrono::system_clock::time_point time);
// The same back; nothing where it is no such text.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

}  // namespace skiff
