// A [[net]] with face = "e1000": an Intel 82540EM over a network back-end.
//
// Thread rule: as EmulatedDevice; set_link, link and set_limits by the machine's thread.
#pragma once

#include <memory>
#include <string_view>

#include "devices/e1000/e1000_controller.h"
#include "vmm/board/emulated_device.h"
#include "vmm/net/net_backend.h"

namespace skiff {

// A card has its place from the beginning, so it is made when it gets it.
class E1000Card final : public EmulatedDevice {
 public:
  // Throws ConfigError for an address that is no card's, when it is placed.
  E1000Card(const E1000Options& options, std::unique_ptr<NetBackend> backend, Executor& executor,
            const Clock& clock);

  std::string_view name() const override { return options_.name; }
  std::string_view kind() const override { return "net"; }
  std::string_view face() const override { return "e1000"; }
  void place(DevicePlaces& places) override;
  DeviceStats stats() const override { return card_->stats(); }

  // For NetControls; once it is placed.
  bool link() const { return card_->link(); }
  void set_link(bool up) { card_->set_link(up); }
  void set_limits(const NetLimits& limits) { card_->set_limits(limits); }

 private:
  const E1000Options options_;
  std::unique_ptr<NetBackend> backend_;  // until it is placed
  Executor& executor_;
  const Clock& clock_;
  std::unique_ptr<E1000Controller> card_;
};

}  // namespace skiff
