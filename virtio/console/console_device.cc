#include "virtio/console/console_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "virtio/core/virtio_ids.h"
#include "vmm/base/error.h"

namespace skiff {

using namespace virtio_console;

namespace {

constexpr std::uint16_t kDataQueueSize = 128;
constexpr std::uint16_t kControlQueueSize = 64;

std::vector<ConsoleControl::PortFacts> facts_of(std::span<const ConsolePortOptions> ports) {
  std::vector<ConsoleControl::PortFacts> facts;
  for (const ConsolePortOptions& port : ports)
    facts.push_back({.is_console = port.is_console, .has_name = !port.name.empty()});
  return facts;
}

}  // namespace

ConsoleDevice::ConsoleDevice(std::string name, std::span<const ConsolePortOptions> ports,
                             Executor& executor, const Clock& clock)
    : name_(std::move(name)),
      clock_(clock),
      faults_(name_),
      control_(facts_of(ports)),
      service_(executor, {.on_start = [this] { on_start(); },
                          .on_kick = [this](ActiveQueue& queue) { on_kick(queue); },
                          .on_stop = [this] { on_stop(); },
                          .on_failure = [this](std::string_view why) { report_failure(why); }}) {
  if (ports.empty() || ports.size() > kMaxPorts) {
    throw ConfigError(
        fmt::format("a virtio console has 1 to {} ports, not {}", kMaxPorts, ports.size()));
  }
  for (const ConsolePortOptions& port : ports) {
    if (port.name.size() > kMaxNameSize) {
      throw ConfigError(fmt::format("the name of virtio console port {} is longer than {} bytes",
                                    ports_.size(), kMaxNameSize));
    }
    ports_.push_back(std::make_unique<ConsolePort>(port.name, port.is_console, *port.sink, wake_));
  }
  queue_sizes_.assign(2, kDataQueueSize);
  if (ports.size() == 1 && ports[0].name.empty() && ports[0].is_console) return;
  queue_sizes_.insert(queue_sizes_.end(), 2, kControlQueueSize);
  queue_sizes_.insert(queue_sizes_.end(), 2 * (ports.size() - 1), kDataQueueSize);
}

ConsoleDevice::~ConsoleDevice() {
  // A driver that is still there was not reset; its memory may be gone.
  closing_.store(true);
}

std::uint32_t ConsoleDevice::device_id() const {
  return virtio::kConsole;
}

std::uint64_t ConsoleDevice::features() const {
  return kFeatureSize | kFeatureEmergWrite | (offers_multiport() ? kFeatureMultiport : 0);
}

void ConsoleDevice::read_config(std::uint64_t offset, std::span<std::byte> out) const {
  const WindowSize size = ports_[0]->window_size();
  const Config config = {.cols = size.columns,
                         .rows = size.rows,
                         .max_nr_ports = static_cast<std::uint32_t>(ports_.size())};
  const auto bytes = std::as_bytes(std::span(&config, 1));
  std::ranges::fill(out, std::byte{0});
  if (offset >= bytes.size()) return;
  const std::size_t length = std::min<std::size_t>(out.size(), bytes.size() - offset);
  std::memcpy(out.data(), bytes.data() + offset, length);
}

void ConsoleDevice::write_config(std::uint64_t offset, std::span<const std::byte> data) {
  // 5.3.4: the lower byte, at any time, before DRIVER_OK too. There is nowhere to keep it for a
  // sink that is full.
  constexpr std::uint64_t kEmergWr = offsetof(Config, emerg_wr);
  if (offset > kEmergWr || kEmergWr - offset >= data.size()) return;
  ports_[0]->sink().write(data.subspan(kEmergWr - offset, 1));
}

void ConsoleDevice::activate(Activation activation) {
  service_.start(std::move(activation));
}

void ConsoleDevice::reset(std::function<void()> done) {
  service_.stop(std::move(done));
}

void ConsoleDevice::on_start() {
  multiport_ = (service_.features() & kFeatureMultiport) != 0;
  has_sent_ = false;
  broken_ = false;
  for (const auto& port : ports_)
    port->meet_driver();
  control_.reset((service_.features() & kFeatureSize) != 0);
  wake_watch_ = service_.executor().watch(wake_.fd(), Readiness::readable, [this] { on_wake(); });
  retry_timer_ = service_.executor().create_timer([this] { move_all_output(); });
  if (wake_watch_ != nullptr) return;
  log_error("{}: cannot wait for its ports", name_);
  fail("the host cannot wait for its ports");
}

void ConsoleDevice::on_stop() {
  if (!broken_ && !closing_.load()) send_last_output();
  wake_watch_.reset();
  retry_timer_.reset();
  for (const auto& port : ports_)
    port->forget_driver();
}

// A guest that powers off, or resets the device, right after its last line: the kick may come after
// the reset. What the sinks do not take now is lost.
void ConsoleDevice::send_last_output() {
  for (std::size_t port = 0; port < served_ports(); ++port) {
    ActiveQueue* const queue = service_.queue(transmit_queue(port));
    if (queue != nullptr) ports_[port]->move_output(queue->ring, faults_);
  }
}

void ConsoleDevice::on_kick(ActiveQueue& queue) {
  if (queue.index >= 2 && !multiport_) return;
  if (queue.index == kControlReceiveQueue) return send_control();
  if (queue.index == kControlTransmitQueue) return read_control(queue);
  const std::size_t port = port_of(queue.index);
  if (port >= ports_.size()) return;
  if (!is_transmit(queue.index)) return move_input(port);
  if (port == 0 && queue.ring.has_available()) note_first_output();
  move_output(port);
}

void ConsoleDevice::on_wake() {
  wake_.consume();
  for (std::size_t port = 0; port < served_ports(); ++port) {
    if (ports_[port]->take_resized()) {
      control_.resized(port);
      if (!multiport_) tell_size();
    }
    move_output(port);
    ports_[port]->answer_idle();
    move_input(port);
  }
  if (multiport_) send_control();
}

// Without multiport a size is told by a configuration change.
void ConsoleDevice::tell_size() {
  if ((service_.features() & kFeatureSize) != 0) interrupts()->signal_config();
}

// Linux asks for the size only after a configuration change, and forgets it before it has set up
// its port; its first output shows that it has.
void ConsoleDevice::note_first_output() {
  if (multiport_ || has_sent_) return;
  has_sent_ = true;
  if (ports_[0]->window_size() != WindowSize{}) tell_size();
}

void ConsoleDevice::move_output(std::size_t port) {
  ActiveQueue* const queue = service_.queue(transmit_queue(port));
  if (queue == nullptr) return;
  after(*queue, ports_[port]->move_output(queue->ring, faults_));
  if (ports_[port]->is_sending() && ports_[port]->sink().writable() && retry_timer_ != nullptr) {
    retry_timer_->arm(clock_.monotonic() + kRetryPeriod);
  }
}

void ConsoleDevice::move_all_output() {
  for (std::size_t port = 0; port < served_ports(); ++port)
    move_output(port);
}

void ConsoleDevice::move_input(std::size_t port) {
  if (multiport_ && !control_.is_open(port)) return;
  ActiveQueue* const queue = service_.queue(receive_queue(port));
  if (queue != nullptr) after(*queue, ports_[port]->move_input(queue->ring, faults_));
}

void ConsoleDevice::after(ActiveQueue& queue, const ConsolePort::Moved& moved) {
  if (moved.interrupt) interrupts()->signal_queue(queue.index);
  if (moved.progress == ConsolePort::Progress::more) queue.serve_again();
  if (moved.progress == ConsolePort::Progress::broken) fail(queue.ring.fault());
}

void ConsoleDevice::read_control(ActiveQueue& queue) {
  bool completed = false;
  bool broken = false;
  for (std::size_t chains = 0; !broken; ++chains) {
    if (chains == queue.ring.size()) {
      queue.serve_again();
      break;
    }
    const PopResult result = queue.ring.pop(control_chain_);
    if (result == PopResult::empty) {
      if (queue.ring.enable_notifications()) continue;
      break;
    }
    broken = result == PopResult::broken;
    if (broken) break;
    ControlMessage message;
    if (ChainReader(control_chain_).read(message)) {
      hear(message);
    } else {
      faults_.report("a control message of {} bytes", control_chain_.readable_size());
    }
    queue.ring.complete(control_chain_, 0);
    completed = true;
  }
  if (completed && queue.ring.publish()) interrupts()->signal_queue(queue.index);
  if (broken) return fail(queue.ring.fault());
  send_control();
}

void ConsoleDevice::hear(const ControlMessage& message) {
  switch (control_.hear(message)) {
    case ConsoleControl::Heard::understood:
      return;
    case ConsoleControl::Heard::opened:
      return move_input(message.id);
    case ConsoleControl::Heard::no_such_port:
      return faults_.report("control event {} for port {}, which there is not", message.event,
                            message.id);
    case ConsoleControl::Heard::device_only:
      return faults_.report("control event {}, which only a device may send", message.event);
    case ConsoleControl::Heard::no_such_event:
      return faults_.report("unknown control event {}", message.event);
    case ConsoleControl::Heard::driver_failed:
      return faults_.report("the driver says that it failed (control event {}, port {})",
                            message.event, message.id);
  }
}

void ConsoleDevice::send_control() {
  ActiveQueue* const queue = service_.queue(kControlReceiveQueue);
  if (queue == nullptr) return;
  bool completed = false;
  bool broken = false;
  queue->ring.disable_notifications();
  for (std::size_t chains = 0;; ++chains) {
    const auto message = control_.next();
    // Nothing to say: the driver may add buffers without telling.
    if (!message) break;
    if (chains == queue->ring.size()) {
      queue->serve_again();
      break;
    }
    const PopResult result = queue->ring.pop(control_chain_);
    if (result == PopResult::empty) {
      if (queue->ring.enable_notifications()) continue;
      break;
    }
    broken = result == PopResult::broken;
    if (broken) break;
    queue->ring.complete(control_chain_, write_control(*message));
    completed = true;
  }
  if (completed && queue->ring.publish()) interrupts()->signal_queue(queue->index);
  if (broken) fail(queue->ring.fault());
}

std::uint32_t ConsoleDevice::write_control(const ControlMessage& message) {
  const ConsolePort& port = *ports_[message.id];
  const WindowSize size = port.window_size();
  const Resize resize = {.cols = size.columns, .rows = size.rows};
  std::span<const std::byte> rest;
  if (message.event == std::to_underlying(Event::port_name)) {
    rest = std::as_bytes(std::span(port.name()));
  } else if (message.event == std::to_underlying(Event::resize)) {
    rest = std::as_bytes(std::span(&resize, 1));
  }
  ChainWriter writer(control_chain_);
  if (writer.remaining() < sizeof message) {
    // Not a buffer for control messages at all; the message waits for one that is.
    faults_.report("a control receive buffer of {} bytes", writer.remaining());
    return 0;
  }
  control_.said(message);
  if (writer.remaining() < sizeof message + rest.size()) {
    // The driver does not take what does not fit its buffers; what comes after it goes on.
    faults_.report("control event {} does not fit a buffer of {} bytes", message.event,
                   writer.remaining());
    return 0;
  }
  writer.write(message);
  writer.write(rest);
  return static_cast<std::uint32_t>(sizeof message + rest.size());
}

void ConsoleDevice::fail(std::string_view why) {
  // The ring's text is constant, unlike the ring, which is gone after give_up.
  broken_ = true;
  service_.give_up();
  report_failure(why);
}

void ConsoleDevice::report_failure(std::string_view why) {
  interrupts()->needs_reset(why);
}

}  // namespace skiff
