#include "devices/e1000/e1000_service.h"

#include <utility>

namespace skiff {

using namespace e1000;

E1000Service::E1000Service(std::unique_ptr<NetBackend> backend, Executor& executor,
                           const Clock& clock, const GuestMemory& memory, E1000Doorbells& doorbells,
                           E1000Interrupts& interrupts, E1000Statistics& statistics,
                           E1000Port& port, const E1000Options& options)
    : executor_(executor),
      clock_(clock),
      doorbells_(doorbells),
      interrupts_(interrupts),
      port_(port),
      backend_(std::move(backend)),
      faults_(options.name),
      limits_(options.limits),
      transmitter_({memory, *backend_, doorbells, statistics, limits_.transmit, clock, faults_}),
      receiver_({memory, *backend_, doorbells, statistics, limits_.receive, clock, faults_}) {}

E1000Service::~E1000Service() = default;

// --- Life ---------------------------------------------------------------------------------------

void E1000Service::open() {
  executor_.post([weak = weak_from_this()] {
    if (const auto service = weak.lock()) service->listen();
  });
}

void E1000Service::listen() {
  if (is_shut_) return;
  watch_ = executor_.watch(doorbells_.kick.fd(), Readiness::readable, [this] { on_kick(); });
  if (watch_ == nullptr) log_error("the host cannot wait for a network card's doorbell");
  transmit_timer_ = executor_.create_timer([this] { on_transmit_limit(); });
  receive_timer_ = executor_.create_timer([this] { on_receive_limit(); });
}

void E1000Service::shut_down() {
  is_shut_ = true;
  if (std::exchange(is_started_, false)) backend_->stop();
  watch_.reset();
  transmit_timer_.reset();
  receive_timer_.reset();
  interrupts_.close();
  transmitter_.forget();
  receiver_.forget();
}

void E1000Service::set_limits(const NetLimits& limits) {
  executor_.post([weak = weak_from_this(), limits] {
    const auto service = weak.lock();
    if (!service || service->is_shut_) return;
    const Clock::Nanoseconds now = service->clock_.monotonic();
    service->limits_.receive.change(limits.receive_bytes, limits.receive_packets, now);
    service->limits_.transmit.change(limits.transmit_bytes, limits.transmit_packets, now);
    service->on_transmit_limit();
    service->on_receive_limit();
  });
}

// --- Turns --------------------------------------------------------------------------------------

// `works` comes before the look at the generation: see E1000Doorbells.
template <typename Work>
void E1000Service::serve(Work work) {
  if (is_shut_) return;
  doorbells_.works.store(true);
  if (!doorbells_.is_current()) adopt();
  if (is_started_ && port_.may_master()) {
    work();
  } else {
    // Any doorbell makes it look again.
    waits_ = Waits::turn;
    doorbells_.transmit_sleeps.store(true);
    doorbells_.receive_starves.store(true);
  }
  doorbells_.works.store(false);
  if (std::exchange(raised_, false)) port_.settle_wire();
  if (std::exchange(again_, false)) doorbells_.kick.signal();
}

void E1000Service::on_kick() {
  doorbells_.kick.consume();
  kicks_.fetch_add(1, std::memory_order_relaxed);
  serve([this] {
    transmit();
    const bool has_buffers = waits_ == Waits::buffers && !doorbells_.receive_starves.load();
    if (has_buffers || waits_ == Waits::turn) receive();
  });
}

void E1000Service::on_transmit_limit() {
  serve([this] { transmit(); });
}

void E1000Service::on_receive_limit() {
  serve([this] {
    if (waits_ == Waits::tokens) receive();
  });
}

void E1000Service::adopt() {
  E1000Config next;
  const std::uint32_t generation = port_.copy_settings(next);
  const bool other_transmit = next.transmit_stops != config_.transmit_stops ||
                              next.transmits() != config_.transmits() ||
                              next.transmit_ring != config_.transmit_ring ||
                              next.transmit_length != config_.transmit_length;
  const bool other_receive =
      next.receive_stops != config_.receive_stops || next.receives() != config_.receives() ||
      next.receive_ring != config_.receive_ring || next.receive_length != config_.receive_length;
  if (other_transmit) transmitter_.forget();
  if (other_receive) receiver_.forget();
  config_ = next;
  doorbells_.adopted.store(generation);
  start_or_stop();
  // Whatever it waited for, it looks now.
  waits_ = Waits::turn;
  doorbells_.receive_starves.store(false);
}

void E1000Service::start_or_stop() {
  const bool wanted = config_.transmits() || config_.receives();
  if (wanted == is_started_) return;
  is_started_ = wanted;
  if (!wanted) return backend_->stop();
  backend_->start(executor_, 1,
                  {.on_receivable = [this](std::uint16_t) { serve([this] { receive(); }); },
                   .on_sendable = [this](std::uint16_t) { serve([this] { transmit(); }); }});
  backend_->set_receive_offloads({.checksum = backend_->capabilities().receive.checksum});
}

// --- Transmit -----------------------------------------------------------------------------------

void E1000Service::transmit() {
  doorbells_.transmit_sleeps.store(false);
  if (!config_.transmits()) return;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint32_t tail = doorbells_.tdt.load();
    const E1000Transmitter::Result result = transmitter_.run(config_);
    report(result);
    switch (result.outcome) {
      case E1000Transmitter::Outcome::idle:
        doorbells_.transmit_sleeps.store(true);
        // Compared with the tail of before, not with the head: a ring that is no ring stays so.
        if (doorbells_.tdt.load() == tail || !doorbells_.transmit_sleeps.exchange(false)) return;
        break;
      case E1000Transmitter::Outcome::full:
        return;
      case E1000Transmitter::Outcome::limited:
        return transmit_timer_->arm(transmitter_.retry_at());
      case E1000Transmitter::Outcome::more:
        if (doorbells_.is_current()) break;
        again_ = true;
        return;
    }
  }
  again_ = true;
}

void E1000Service::report(const E1000Transmitter::Result& result) {
  std::uint32_t causes = 0;
  if (result.wrote_back) causes |= kIntTxdw;
  if (result.emptied) causes |= kIntTxqe;
  if (causes != 0) interrupts_.raise(causes);
  if (result.wrote_back_later) {
    interrupts_.raise_later(E1000Interrupts::Delay::transmit, kIntTxdw, config_.tidv, config_.tadv);
  }
  sent_.fetch_add(result.packets, std::memory_order_relaxed);
  raised_ = raised_ || causes != 0 || result.wrote_back_later;
}

// --- Receive ------------------------------------------------------------------------------------

// With the link down the back-end's frames are lost, not kept for later.
bool E1000Service::receives() const {
  return config_.receives() || !config_.link;
}

void E1000Service::receive() {
  if (!receives()) {
    waits_ = Waits::frames;
    return backend_->want_receive(0, false);
  }
  const std::uint32_t tail = doorbells_.rdt.load();
  const E1000Receiver::Result result = receiver_.run(config_);
  report(result);
  switch (result.outcome) {
    case E1000Receiver::Outcome::idle:
      waits_ = Waits::frames;
      return backend_->want_receive(0, true);
    case E1000Receiver::Outcome::starved:
      waits_ = Waits::buffers;
      // Of frames nobody takes the executor is not to hear again and again.
      backend_->want_receive(0, false);
      doorbells_.receive_starves.store(true);
      if (doorbells_.rdt.load() == tail || !doorbells_.receive_starves.exchange(false)) return;
      waits_ = Waits::turn;
      again_ = true;
      return;
    case E1000Receiver::Outcome::limited:
      waits_ = Waits::tokens;
      backend_->want_receive(0, false);
      return receive_timer_->arm(receiver_.retry_at());
    case E1000Receiver::Outcome::more:
      waits_ = Waits::turn;
      again_ = true;
      return;
    case E1000Receiver::Outcome::closed:
      waits_ = Waits::frames;
      backend_->want_receive(0, false);
      return port_.on_peer_lost();
  }
}

void E1000Service::report(const E1000Receiver::Result& result) {
  if (result.frames == 0) return;
  received_.fetch_add(result.frames, std::memory_order_relaxed);
  raised_ = true;
  std::uint32_t causes = 0;
  if (result.has_small) causes |= kIntSrpd;
  if (result.runs_low) causes |= kIntRxdmt0;
  if (config_.rdtr == 0) causes |= kIntRxt0;
  if (causes != 0) interrupts_.raise(causes);
  if (config_.rdtr != 0) {
    interrupts_.raise_later(E1000Interrupts::Delay::receive, kIntRxt0, config_.rdtr, config_.radv);
  }
}

}  // namespace skiff
