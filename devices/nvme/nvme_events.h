// Asynchronous events (5.2) and the error log (5.14.1.1): the requests a driver left with the
// controller, and what has happened.
//
// An event is told once and then not again until its log page has been read.
//
// Thread rule: none; values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "devices/nvme/nvme_identify.h"
#include "devices/nvme/nvme_regs.h"

namespace skiff {

enum class NvmeEvent : std::uint8_t { no_such_doorbell, bad_doorbell_value, namespace_changed };

class NvmeEvents {
 public:
  static constexpr std::size_t kMaxHeld = 4;
  static constexpr std::size_t kErrorEntries = 4;

  struct Answer {
    std::uint16_t cid;
    std::uint32_t result;  // dword 0 of the completion
  };

  // A reset: requests and events are gone, the error log stays.
  void forget_requests();
  // An ASYNCHRONOUS EVENT REQUEST; false: too many are held.
  bool hold(std::uint16_t cid);
  // Takes back the request; false: there is none of that name.
  bool abort(std::uint16_t cid);
  void report(NvmeEvent event);
  bool has_answer() const;
  // The next request to be answered, if there are an event and a request.
  std::optional<Answer> take();
  // The log page was read, without "retain asynchronous event".
  void on_log_read(std::uint8_t page);
  bool namespace_changed() const { return changed_; }

  // An entry of the error log.
  void add_error(std::uint16_t sq, const nvme::Command& command, nvme::Status status);
  std::uint64_t errors() const { return errors_; }
  NvmePage error_log() const;

 private:
  struct Error {
    std::uint64_t number = 0;  // 0: nothing
    std::uint16_t sq = 0;
    std::uint16_t cid = 0;
    std::uint16_t status = 0;
    std::uint64_t lba = 0;
    std::uint32_t nsid = 0;
  };

  std::optional<NvmeEvent> next() const;

  std::array<std::uint16_t, kMaxHeld> held_{};
  std::size_t held_count_ = 0;
  std::array<bool, 3> pending_{};
  bool told_error_ = false;  // and its log not read since
  bool told_notice_ = false;
  bool changed_ = false;  // what the changed namespace log says
  std::array<Error, kErrorEntries> log_{};
  std::uint64_t errors_ = 0;
};

}  // namespace skiff
