// A console's output in a file, each line with the time at which it began:
//
//   2026-11-28T22:44:57.123Z Booting Linux on physical CPU 0x0
//
// Written in batches, kBatch after output came or when half of what is kept is unwritten. It never
// slows the guest: what comes above kMostPerSecond, or is overwritten before it is written, is
// replaced by one line "[N bytes not logged]". A carriage return before a line's end is left out;
// all else is as the guest sent it.
//
// Thread rule: main thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "vmm/control/console/output_history.h"
#include "vmm/control/console/rotating_file.h"

namespace skiff {

class ConsoleLog {
 public:
  using WallClock = std::function<std::chrono::system_clock::time_point()>;
  static constexpr std::chrono::milliseconds kBatch{100};
  static constexpr std::uint64_t kMostPerSecond = 8 * 1024 * 1024;  // [bytes]

  // Throws HostError if the file cannot be opened. `now`, `batch`: for tests.
  ConsoleLog(boost::asio::io_context& io, const RotatingFileOptions& options, WallClock now = {},
             std::chrono::milliseconds batch = kBatch);

  // Called when a batch is due; serve() then writes it.
  void on_due(std::function<void()> callback) { on_due_ = std::move(callback); }
  void serve(OutputHistory& history);
  // The position of output after which serve() has something to do.
  std::uint64_t wake_at() const;
  // Everything that is there, and what was not logged.
  void finish(OutputHistory& history);

 private:
  enum class Line { begin, middle };

  void arm();
  void write_out(OutputHistory& history);
  void append(std::span<const std::byte> bytes);
  void append_skipped();
  bool may_write(std::uint64_t size);
  void put(std::string_view text);
  void write_buffer();

  boost::asio::steady_timer timer_;
  RotatingFile file_;
  const WallClock now_;
  const std::chrono::milliseconds batch_;
  std::function<void()> on_due_;
  bool armed_ = false;
  bool due_ = false;
  std::uint64_t position_ = 0;
  std::uint64_t skipped_ = 0;  // [bytes], not yet told
  std::chrono::system_clock::time_point second_began_{};
  std::uint64_t in_second_ = 0;  // [bytes]
  Line line_ = Line::begin;
  bool return_waits_ = false;  // a carriage return came last
  std::string buffer_;
};

}  // namespace skiff
