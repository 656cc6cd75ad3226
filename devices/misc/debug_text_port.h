// A port that takes text and asks nothing: for kernels that have no serial driver yet, and
// firmware.
//
// Document: Bochs user manual, "port_e9_hack"; QEMU's isa-debugcon for 0x402.
//
// Modelled: a byte written goes to the sink, a read gives 0xe9. A full sink is answered `busy`, so
// that no text is lost. REP OUTSB is one call of the sink.
//
// Bus: one byte, at ports 0xe9 and 0x402 (one device object each, or one on both).
// Config example: none, every PC has them (vmm/board).
//
// Thread rule: any threads at once; there is no state.
#pragma once

#include <string>

#include "vmm/base/log.h"
#include "vmm/io/byte_channel.h"
#include "vmm/io/io_device.h"

namespace skiff {

class DebugTextPort final : public IoDevice {
 public:
  // `sink` outlives the device.
  DebugTextPort(std::string name, ByteSink& sink);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  IoStatus write_string(IoAccess access, std::span<const std::byte> data,
                        std::size_t& done) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);

  const std::string name_;
  ByteSink& sink_;
  GuestFaultLog faults_;
};

}  // namespace skiff
