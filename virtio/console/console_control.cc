#include "virtio/console/console_control.h"

#include <array>
#include <utility>

namespace skiff {

using namespace virtio_console;

namespace {

constexpr std::uint16_t bit(Event event) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(event));
}

// A console must be one before it has a size, and have its name before it is opened.
constexpr std::array kOrder = {Event::port_add, Event::console_port, Event::port_name,
                               Event::port_open, Event::resize};

}  // namespace

ConsoleControl::ConsoleControl(std::span<const PortFacts> ports) {
  for (const PortFacts& facts : ports)
    ports_.push_back({.facts = facts});
}

void ConsoleControl::reset(bool sizes) {
  sizes_ = sizes;
  for (Port& port : ports_)
    port = {.facts = port.facts, .has_size = port.has_size};
}

void ConsoleControl::owe(Port& port, Event event) {
  port.owed = static_cast<std::uint16_t>(port.owed | bit(event));
}

ConsoleControl::Heard ConsoleControl::hear(const ControlMessage& message) {
  const bool positive = message.value != 0;
  const auto event = static_cast<Event>(message.event);
  switch (event) {
    case Event::device_ready:  // about the whole device; its id says nothing
      if (!positive) {
        reset(sizes_);
        return Heard::driver_failed;
      }
      for (Port& port : ports_)
        owe(port, Event::port_add);
      return Heard::understood;
    case Event::port_ready:
    case Event::port_open:
      break;
    case Event::port_add:
    case Event::port_remove:
    case Event::console_port:
    case Event::resize:
    case Event::port_name:
      return Heard::device_only;
    default:
      return Heard::no_such_event;
  }
  if (message.id >= ports_.size()) return Heard::no_such_port;
  Port& port = ports_[message.id];
  if (event == Event::port_open) {
    port.open = positive;
    return positive ? Heard::opened : Heard::understood;
  }
  port.ready = positive;
  port.owed = 0;
  if (!positive) return Heard::driver_failed;
  if (port.facts.is_console) owe(port, Event::console_port);
  if (port.facts.has_name) owe(port, Event::port_name);
  // The host's end is always open.
  owe(port, Event::port_open);
  owe_size(port);
  return Heard::understood;
}

void ConsoleControl::resized(std::size_t port) {
  ports_[port].has_size = true;
  owe_size(ports_[port]);
}

void ConsoleControl::owe_size(Port& port) const {
  if (sizes_ && port.ready && port.facts.is_console && port.has_size) owe(port, Event::resize);
}

std::optional<ControlMessage> ConsoleControl::next() const {
  for (std::size_t index = 0; index < ports_.size(); ++index) {
    if (ports_[index].owed == 0) continue;
    for (const Event event : kOrder) {
      if ((ports_[index].owed & bit(event)) == 0) continue;
      return ControlMessage{
          .id = static_cast<std::uint32_t>(index), .event = std::to_underlying(event), .value = 1};
    }
  }
  return std::nullopt;
}

void ConsoleControl::said(const ControlMessage& message) {
  Port& port = ports_[message.id];
  port.owed = static_cast<std::uint16_t>(port.owed & ~bit(static_cast<Event>(message.event)));
}

}  // namespace skiff
