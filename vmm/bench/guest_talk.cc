#include "vmm/bench/guest_talk.h"

#include <fmt/format.h>

#include <algorithm>

namespace skiff::bench {

GuestTalk::GuestTalk(std::vector<std::string> cells) : cells_(std::move(cells)) {}

GuestTalk::Wants GuestTalk::take(const GuestWord& word) {
  return std::visit([this](const auto& one) { return on(one); }, word);
}

void GuestTalk::give(Snapshot snapshot) {
  if (!current_) return;
  (state_ == State::ready ? current_->before : current_->after) = std::move(snapshot);
  if (state_ == State::ready) state_ = State::measuring;
}

void GuestTalk::give_instructions(std::vector<std::uint64_t> counts) {
  if (current_) current_->instructions = std::move(counts);
}

std::string_view GuestTalk::current() const {
  return current_ ? std::string_view(current_->cell) : std::string_view();
}

std::vector<CellRun> GuestTalk::results(const std::string& why) const {
  std::vector<CellRun> results;
  for (const std::string& cell : cells_) {
    const auto found = std::ranges::find(runs_, cell, &CellRun::cell);
    if (found != runs_.end()) {
      results.push_back(*found);
    } else {
      results.push_back({.cell = cell, .trouble = why_.empty() ? why : why_});
    }
  }
  return results;
}

GuestTalk::Wants GuestTalk::end_with(std::string why) {
  why_ = std::move(why);
  return Wants::over;
}

GuestTalk::Wants GuestTalk::out_of_place(std::string_view word) {
  return end_with(fmt::format("the guest said \"{}\" where that makes no sense", word));
}

bool GuestTalk::is_open(const std::string& cell) const {
  return std::ranges::find(cells_, cell) != cells_.end() &&
         std::ranges::find(runs_, cell, &CellRun::cell) == runs_.end();
}

void GuestTalk::finish_current() {
  if (!current_) return;
  runs_.push_back(*std::move(current_));
  current_.reset();
}

GuestTalk::Wants GuestTalk::on(const GuestBegin& word) {
  if (state_ != State::silent) return out_of_place("begin");
  if (word.version != kVersion) {
    return end_with(fmt::format("the guest program {} is of version {}, this Skiff needs {}",
                                word.program, word.version, kVersion));
  }
  if (word.tsc_khz == 0) return end_with("the guest's time-stamp counter stands still");
  tsc_khz_ = word.tsc_khz;
  state_ = State::between;
  return Wants::nothing;
}

GuestTalk::Wants GuestTalk::on(const GuestWant& word) {
  if (state_ != State::between || !is_open(word.cell)) return out_of_place("want");
  if (word.requests == 0 || word.bytes > kMostText)
    return end_with("the guest wants too much text");
  text_cell_ = word.cell;
  text_each_ = word.bytes / word.requests;
  text_bytes_ = word.bytes;
  return Wants::text;
}

GuestTalk::Wants GuestTalk::on(const GuestReady& word) {
  if (state_ != State::between || !is_open(word.cell)) return out_of_place("ready");
  const bool wants_text = text_cell_ == word.cell && text_each_ != 0;
  if (wants_text && word.requests > kMostText / text_each_) {
    return end_with("the guest wants too much text");
  }
  text_bytes_ = wants_text ? word.requests * text_each_ : 0;
  current_ = CellRun{.cell = word.cell, .tsc_khz = tsc_khz_, .face = word.face};
  state_ = State::ready;
  return Wants::go;
}

GuestTalk::Wants GuestTalk::on(const GuestMark&) {
  if (state_ != State::measuring) return out_of_place("!");
  state_ = State::telling;
  return Wants::on;
}

GuestTalk::Wants GuestTalk::on(const GuestDone& word) {
  if (state_ != State::telling || word.cell != current() || current_->done.requests != 0) {
    return out_of_place("done");
  }
  if (word.requests == 0) return end_with("the guest measured no requests");
  current_->done = word;
  return Wants::nothing;
}

GuestTalk::Wants GuestTalk::on(const GuestLatency& word) {
  if (state_ != State::telling || word.cell != current()) return out_of_place("latency");
  current_->latency = word;
  return Wants::nothing;
}

GuestTalk::Wants GuestTalk::on(const GuestHistogram& word) {
  if (state_ != State::telling || word.cell != current() || current_->done.requests == 0) {
    return out_of_place("histogram");
  }
  current_->histogram = word.buckets;
  finish_current();
  state_ = State::between;
  return Wants::nothing;
}

GuestTalk::Wants GuestTalk::without_numbers(const std::string& cell, const std::string& why,
                                            bool is_skipped) {
  // One that failed may have been ready before.
  if (current_ && current() == cell) current_.reset();
  if (state_ == State::silent || current_ || !is_open(cell)) {
    return out_of_place(is_skipped ? "skip" : "fail");
  }
  runs_.push_back({.cell = cell, .trouble = why, .is_skipped = is_skipped});
  state_ = State::between;
  return Wants::nothing;
}

GuestTalk::Wants GuestTalk::on(const GuestSkip& word) {
  return without_numbers(word.cell, word.why, true);
}

GuestTalk::Wants GuestTalk::on(const GuestFail& word) {
  return without_numbers(word.cell, word.why, false);
}

GuestTalk::Wants GuestTalk::on(const GuestEnd&) {
  if (state_ != State::between) return out_of_place("end");
  is_complete_ = true;
  return end_with("the guest program knows no such cell");
}

GuestTalk::Wants GuestTalk::on(const GuestNonsense& word) {
  return end_with("the guest said " + word.what);
}

}  // namespace skiff::bench
