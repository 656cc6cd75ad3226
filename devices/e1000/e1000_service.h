// The executor's half of the card: both rings and the back-end, while a driver has them enabled.
//
//   kick (a doorbell, other settings)  -> adopt the settings; transmit; receive, if that waited
//   back-end: receivable, sendable     -> receive; transmit
//   a limit's timer                    -> what it held up
//
// A run that is not over when its turn is kicks again, so that nothing else of the executor
// starves.
//
//             a queue enabled
//   [stopped] ---------------> [started]   the back-end runs; with the link down frames are lost
//       ^                          |
//       +--- both disabled, end ---+
//
// Thread rule: the executor's thread; what says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "devices/e1000/e1000_doorbells.h"
#include "devices/e1000/e1000_interrupts.h"
#include "devices/e1000/e1000_receive.h"
#include "devices/e1000/e1000_registers.h"
#include "devices/e1000/e1000_statistics.h"
#include "devices/e1000/e1000_transmit.h"
#include "vmm/base/clock.h"
#include "vmm/base/log.h"
#include "vmm/base/traffic_limit.h"
#include "vmm/io/executor.h"
#include "vmm/io/guest_memory.h"
#include "vmm/net/mac_address.h"
#include "vmm/net/net_backend.h"
#include "vmm/net/net_limits.h"

namespace skiff {

struct E1000Options {
  std::string name = "net0";  // for logs and the exit ledger
  MacAddress mac{};
  bool link = true;  // the cable is in at the start
  NetLimits limits{};
};

// What the service asks of the PCI function. The executor's thread, no lock held.
class E1000Port {
 public:
  virtual ~E1000Port() = default;
  virtual bool may_master() = 0;
  // Copies the settings; returns their generation.
  virtual std::uint32_t copy_settings(E1000Config& config) = 0;
  virtual void settle_wire() noexcept = 0;
  // The back-end's other side is gone: the cable is out.
  virtual void on_peer_lost() = 0;
};

class E1000Service final : public std::enable_shared_from_this<E1000Service> {
 public:
  E1000Service(std::unique_ptr<NetBackend> backend, Executor& executor, const Clock& clock,
               const GuestMemory& memory, E1000Doorbells& doorbells, E1000Interrupts& interrupts,
               E1000Statistics& statistics, E1000Port& port, const E1000Options& options);
  ~E1000Service();
  E1000Service(const E1000Service&) = delete;
  E1000Service& operator=(const E1000Service&) = delete;

  Executor& executor() { return executor_; }               // any thread
  const NetBackend& backend() const { return *backend_; }  // its capabilities: any thread
  GuestFaultLog& faults() { return faults_; }              // any thread

  // Any thread, once it is in a shared_ptr: it begins to hear kicks.
  void open();
  // The end: no memory is touched any more, nothing is called. Also while the executor does not
  // run.
  void shut_down();
  // Any thread.
  void set_limits(const NetLimits& limits);

  // Any thread: counts.
  std::uint64_t kicks() const { return kicks_.load(std::memory_order_relaxed); }
  std::uint64_t received() const { return received_.load(std::memory_order_relaxed); }
  std::uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  static constexpr int kRounds = 4;  // transmit runs of one turn
  // What the receiver waits for.
  enum class Waits : std::uint8_t { frames, buffers, tokens, turn };

  void listen();
  void on_kick();
  void on_transmit_limit();
  void on_receive_limit();
  template <typename Work>
  void serve(Work work);
  void adopt();
  void start_or_stop();
  void transmit();
  void report(const E1000Transmitter::Result& result);
  void receive();
  bool receives() const;
  void report(const E1000Receiver::Result& result);

  struct Limits {
    explicit Limits(const NetLimits& limits)
        : receive(limits.receive_bytes, limits.receive_packets),
          transmit(limits.transmit_bytes, limits.transmit_packets) {}
    TrafficLimit receive;
    TrafficLimit transmit;
  };

  Executor& executor_;
  const Clock& clock_;
  E1000Doorbells& doorbells_;
  E1000Interrupts& interrupts_;
  E1000Port& port_;
  const std::unique_ptr<NetBackend> backend_;
  GuestFaultLog faults_;
  Limits limits_;
  E1000Transmitter transmitter_;
  E1000Receiver receiver_;
  E1000Config config_;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<Timer> transmit_timer_;  // of its limit
  std::unique_ptr<Timer> receive_timer_;
  bool is_started_ = false;
  bool is_shut_ = false;
  bool again_ = false;   // kicks itself
  bool raised_ = false;  // the wire has to be looked at
  Waits waits_ = Waits::turn;
  std::atomic<std::uint64_t> kicks_{0};
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::uint64_t> sent_{0};
};

}  // namespace skiff
