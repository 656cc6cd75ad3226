// The board of one architecture: its memory map, platform devices, interrupt controller, firmware
// tables, and the state its vCPUs boot in. vmm/machine knows only this interface; which board it
// gets is decided by the folder the build links (the architecture's).
//
//   machine                      board
//   ram_ranges(config)     ->    where RAM lies
//   create_board(context)  ->    interrupt controller, devices on the buses, guest image and tables
//   create_vcpu(0..n-1)    ->    vCPUs ready to run
//
// Thread rule: constructed and destroyed by the machine's thread while no vCPU runs; the buttons
// may be pressed from any thread while it lives.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/clock.h"
#include "vmm/base/control_error.h"
#include "vmm/io/byte_channel.h"
#include "vmm/io/device_change.h"
#include "vmm/io/device_stats.h"
#include "vmm/io/executor.h"
#include "vmm/io/guest_memory.h"
#include "vmm/io/io_bus.h"
#include "vmm/io/processor_interrupts.h"
#include "vmm/kvm/kvm_vcpu.h"
#include "vmm/kvm/kvm_vm.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// What a guest can do to the whole machine. Called on a vCPU's thread unless said otherwise, with
// no device lock held.
class PlatformEvents {
 public:
  virtual ~PlatformEvents() = default;
  virtual void on_power_off() noexcept = 0;
  virtual void on_reset() noexcept = 0;
  // The guest ends with a status of its own (debug-exit port).
  virtual void on_guest_status(std::uint64_t status) noexcept = 0;
  virtual void on_guest_panic() noexcept = 0;
  // The driver of this device broke it. Any thread, again and again; must not block.
  virtual void on_needs_reset(std::string_view device) noexcept = 0;
};

struct BoardContext {
  const VmConfig& config;
  const GuestMemory& memory;
  KvmVm& vm;
  IoBus& ports;
  IoBus& mmio;
  const Clock& clock;
  Executor& executor;
  PlatformEvents& events;
  // Where a serial port's output goes; outlives the board.
  std::function<ByteSink&(const SerialConfig&)> serial_sink;
  // Where the debug text ports' output goes; null: there are none.
  ByteSink* debug_sink = nullptr;
  // Where a virtio console port's output goes; outlives the board.
  std::function<ByteSink&(const VirtioConsolePortConfig&)> console_port_sink;
  // The I/O thread of that name, or with an empty name one of Skiff's choice; outlives the board.
  // Throws HostError.
  std::function<Executor&(std::string_view thread)> io_thread;
};

class Board {
 public:
  virtual ~Board() = default;

  // The vCPU with this index (0 boots the guest), its processor identity and boot state set.
  virtual std::unique_ptr<KvmVcpu> create_vcpu(std::uint32_t index) = 0;
  // False if the guest does not listen to its power button (it stays pressed all the same).
  virtual bool press_power_button() = 0;
  virtual bool send_nmi() = 0;
  // Where writes do nothing but leave a value, so that KVM may collect them.
  struct WriteOnly {
    IoSpace space = IoSpace::mmio;
    Range range;
  };
  virtual std::vector<WriteOnly> coalesced_writes() const { return {}; }
  // What the thread of that vCPU must do for interrupt controllers that live in Skiff.
  virtual ProcessorInterrupts processor_interrupts(std::uint32_t /*index*/) { return {}; }
  // Which interrupts wait in them: lines for a report, empty where only the kernel knows. Any
  // thread.
  virtual std::string describe_interrupts() const { return {}; }
  // The serial port, or port of the virtio console, that shows the console; never null.
  virtual CharacterDevice& console_device() = 0;
  // Those that a person can see and change; the machine's thread.
  virtual std::vector<DeviceInfo> devices() const = 0;
  virtual ControlResult<DeviceInfo> change_device(std::string_view name,
                                                  const DeviceChange& change) = 0;
  virtual std::vector<DeviceStats> device_stats() const = 0;  // any thread
  // All serial ports, then all ports of the virtio console, each in the configuration's order.
  virtual std::vector<CharacterDevice*> character_devices() = 0;
  // "PVH entry at 0x100000 of hello": for messages.
  virtual std::string boot_description() const = 0;
};

// The guest-physical ranges of `size` bytes of RAM on this board. Throws ConfigError.
std::vector<Range> ram_ranges(std::uint64_t size);
// Creates the interrupt controller and the devices, loads the guest and writes its firmware tables.
// Throws ConfigError or HostError.
std::unique_ptr<Board> create_board(const BoardContext& context);

}  // namespace skiff
