// The conversation with one guest program, without its wires: its words in, and what it waits for
// out. A guest that says what was not asked for, or twice, ends it. Pure.
//
//   begin -> [want... -> ready -> (snapshot) -> mark -> (snapshot) -> done, latency, histogram
//             | skip | fail]... -> end
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/bench/cell_run.h"

namespace skiff::bench {

class GuestTalk {
 public:
  static constexpr std::uint64_t kVersion = 1;
  static constexpr std::uint64_t kMostText = 1ULL << 30;

  enum class Wants {
    nothing,
    text,  // for a warm-up: text_bytes() of any text
    go,    // it is ready: a snapshot, then a byte, then text_bytes() of text
    on,    // it has measured: a snapshot, then a byte
    over,  // it has said its last word, or what it said ended the conversation
  };

  explicit GuestTalk(std::vector<std::string> cells);

  Wants take(const GuestWord& word);
  // The snapshot of the last `go` or `on`.
  void give(Snapshot snapshot);
  // Of the cell that is measured.
  void give_instructions(std::vector<std::uint64_t> counts);
  // How much text is to be sent now. At most kMostText.
  std::uint64_t text_bytes() const { return text_bytes_; }
  // The cell that is measured; empty between cells.
  std::string_view current() const;
  // The guest has said `end`, and nothing before it was wrong.
  bool is_complete() const { return is_complete_; }
  std::size_t finished() const { return runs_.size(); }

  // What there is of each cell, in the order asked for. A cell that has not been heard of has
  // `why` for its trouble, where the guest itself did not give the reason.
  std::vector<CellRun> results(const std::string& why) const;

 private:
  // Each takes a word, and ends the conversation where it is out of place.
  Wants on(const GuestBegin& word);
  Wants on(const GuestWant& word);
  Wants on(const GuestReady& word);
  Wants on(const GuestMark& word);
  Wants on(const GuestDone& word);
  Wants on(const GuestLatency& word);
  Wants on(const GuestHistogram& word);
  Wants on(const GuestSkip& word);
  Wants on(const GuestFail& word);
  Wants on(const GuestEnd& word);
  Wants on(const GuestNonsense& word);
  Wants end_with(std::string why);
  Wants out_of_place(std::string_view word);
  Wants without_numbers(const std::string& cell, const std::string& why, bool is_skipped);
  bool is_open(const std::string& cell) const;
  void finish_current();

  enum class State { silent, between, ready, measuring, telling };

  const std::vector<std::string> cells_;
  State state_ = State::silent;
  std::uint64_t tsc_khz_ = 0;
  // Of the cell that has said `want`.
  std::string text_cell_;
  std::uint64_t text_each_ = 0;  // bytes a request
  std::uint64_t text_bytes_ = 0;
  std::optional<CellRun> current_;
  std::vector<CellRun> runs_;
  bool is_complete_ = false;
  std::string why_;
};

}  // namespace skiff::bench
