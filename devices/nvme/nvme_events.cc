#include "devices/nvme/nvme_events.h"

#include <algorithm>

#include "vmm/base/bytes.h"

namespace skiff {

using namespace nvme;

void NvmeEvents::forget_requests() {
  held_count_ = 0;
  pending_ = {};
  told_error_ = told_notice_ = changed_ = false;
}

bool NvmeEvents::hold(std::uint16_t cid) {
  if (held_count_ == held_.size()) return false;
  held_.at(held_count_++) = cid;
  return true;
}

bool NvmeEvents::abort(std::uint16_t cid) {
  const auto end = held_.begin() + static_cast<std::ptrdiff_t>(held_count_);
  const auto found = std::find(held_.begin(), end, cid);
  if (found == end) return false;
  std::copy(found + 1, end, found);
  --held_count_;
  return true;
}

void NvmeEvents::report(NvmeEvent event) {
  if (event == NvmeEvent::namespace_changed) changed_ = true;
  pending_.at(static_cast<std::size_t>(event)) = true;
}

std::optional<NvmeEvent> NvmeEvents::next() const {
  const auto is_pending = [this](NvmeEvent event) {
    return pending_.at(static_cast<std::size_t>(event));
  };
  if (!told_error_) {
    for (const NvmeEvent event : {NvmeEvent::no_such_doorbell, NvmeEvent::bad_doorbell_value}) {
      if (is_pending(event)) return event;
    }
  }
  if (!told_notice_ && is_pending(NvmeEvent::namespace_changed)) {
    return NvmeEvent::namespace_changed;
  }
  return std::nullopt;
}

bool NvmeEvents::has_answer() const {
  return held_count_ != 0 && next().has_value();
}

std::optional<NvmeEvents::Answer> NvmeEvents::take() {
  const auto event = next();
  if (!event || held_count_ == 0) return std::nullopt;
  pending_.at(static_cast<std::size_t>(*event)) = false;
  const std::uint16_t cid = held_.front();
  abort(cid);
  // Type (bits 0-2), information (8-15), log page (16-23).
  if (*event == NvmeEvent::namespace_changed) {
    told_notice_ = true;
    return Answer{cid, 2U | std::uint32_t{kLogChangedNamespaces} << 16};
  }
  told_error_ = true;
  const std::uint32_t information = *event == NvmeEvent::bad_doorbell_value ? 1 : 0;
  return Answer{cid, information << 8 | std::uint32_t{kLogErrors} << 16};
}

void NvmeEvents::on_log_read(std::uint8_t page) {
  if (page == kLogErrors) told_error_ = false;
  if (page != kLogChangedNamespaces) return;
  told_notice_ = false;
  changed_ = false;
}

void NvmeEvents::add_error(std::uint16_t sq, const Command& command, Status status) {
  std::rotate(log_.begin(), log_.end() - 1, log_.end());
  log_.front() = {.number = ++errors_,
                  .sq = sq,
                  .cid = command.cid,
                  .status = static_cast<std::uint16_t>(static_cast<unsigned>(status) << 1),
                  .lba = std::uint64_t{command.dw11} << 32 | command.dw10,
                  .nsid = command.nsid};
}

NvmePage NvmeEvents::error_log() const {
  NvmePage page{};
  const std::span<std::byte> bytes(page);
  std::size_t at = 0;
  for (const Error& error : log_) {
    if (error.number == 0) break;
    store_le(bytes, at, error.number);
    store_le(bytes, at + 8, error.sq);
    store_le(bytes, at + 10, error.cid);
    store_le(bytes, at + 12, error.status);
    store_le(bytes, at + 14, std::uint16_t{0xffff});  // no certain byte of the command
    store_le(bytes, at + 16, error.lba);
    store_le(bytes, at + 24, error.nsid);
    at += 64;
  }
  return page;
}

}  // namespace skiff
