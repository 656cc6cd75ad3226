// A device that is only a name with named registers.
#pragma once

#include <string>
#include <string_view>

#include "vmm/io/io_device.h"

namespace skiff {

class NamedDevice final : public IoDevice {
 public:
  explicit NamedDevice(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess /*access*/, std::uint64_t& /*value*/) override { return IoStatus::ok; }
  IoStatus write(IoAccess /*access*/, std::uint64_t /*value*/) override { return IoStatus::ok; }
  std::string_view register_name(std::uint64_t offset, bool is_write) const override {
    if (offset == 0) return is_write ? "THR" : "RBR";
    if (offset == 5) return "LSR";
    return "";
  }

 private:
  const std::string name_;
};

}  // namespace skiff
