#include "vmm/control/console/console_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

namespace skiff {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

// RFC 3339 in UTC, to the millisecond.
std::string stamp(std::chrono::system_clock::time_point at) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z ", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     milliseconds % 1000);
}

}  // namespace

ConsoleLog::ConsoleLog(boost::asio::io_context& io, const RotatingFileOptions& options,
                       WallClock now, std::chrono::milliseconds batch)
    : timer_(io),
      file_(options),
      now_(now ? std::move(now) : WallClock([] { return std::chrono::system_clock::now(); })),
      batch_(batch) {}

std::uint64_t ConsoleLog::wake_at() const {
  if (!armed_) return position_;
  // What is left out need not be looked at before its time.
  return skipped_ != 0 ? OutputHistory::kNever : position_ + OutputHistory::kCapacity / 2;
}

void ConsoleLog::arm() {
  if (std::exchange(armed_, true)) return;
  timer_.expires_after(batch_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    armed_ = false;
    due_ = true;
    if (on_due_) on_due_();
  });
}

void ConsoleLog::serve(OutputHistory& history) {
  const std::uint64_t unwritten = history.head() - position_;
  if (std::exchange(due_, false) || unwritten > OutputHistory::kCapacity / 2) write_out(history);
  // What was left out is told when the second is over, if nothing comes any more too.
  if (history.head() != position_ || skipped_ != 0) arm();
}

bool ConsoleLog::may_write(std::uint64_t size) {
  const auto now = now_();
  if (now - second_began_ >= std::chrono::seconds(1) || now < second_began_) {
    second_began_ = now;
    in_second_ = 0;
  }
  if (in_second_ + size > kMostPerSecond) return false;
  in_second_ += size;
  return true;
}

void ConsoleLog::write_out(OutputHistory& history) {
  std::vector<std::byte> chunk(kChunk);
  // Not more than is there now: a guest that never stops must not keep this from ending.
  const std::uint64_t end = history.head();
  if (skipped_ != 0 && end == position_ && may_write(0) && in_second_ < kMostPerSecond) {
    append_skipped();
  }
  while (position_ < end) {
    if (!may_write(std::min<std::uint64_t>(end - position_, chunk.size()))) {
      skipped_ += end - std::exchange(position_, end);
      break;
    }
    const std::uint64_t wanted = position_;
    const std::size_t size = history.copy(position_, chunk);
    skipped_ += position_ - wanted;
    position_ += size;
    append_skipped();
    append(std::span(chunk).first(size));
    write_buffer();
  }
  write_buffer();
}

void ConsoleLog::finish(OutputHistory& history) {
  timer_.cancel();
  write_out(history);
  append_skipped();
  write_buffer();
}

void ConsoleLog::put(std::string_view text) {
  if (line_ == Line::begin) buffer_ += stamp(now_());
  line_ = Line::middle;
  buffer_ += text;
}

void ConsoleLog::append_skipped() {
  if (skipped_ == 0) return;
  if (line_ == Line::middle) buffer_ += '\n';
  line_ = Line::begin;
  return_waits_ = false;
  put(fmt::format("[{} bytes not logged]\n", std::exchange(skipped_, 0)));
  line_ = Line::begin;
}

void ConsoleLog::append(std::span<const std::byte> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!text.empty()) {
    if (std::exchange(return_waits_, false) && text.front() != '\n') put("\r");
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
      return_waits_ = end == std::string_view::npos;
    }
    if (!line.empty() || end != std::string_view::npos) put(line);
    if (end == std::string_view::npos) continue;
    buffer_ += '\n';
    line_ = Line::begin;
    // Between two lines is where a file may end.
    if (file_.is_full(buffer_.size())) write_buffer();
  }
}

void ConsoleLog::write_buffer() {
  if (buffer_.empty()) return;
  file_.write(buffer_, line_ == Line::begin);
  buffer_.clear();
}

}  // namespace skiff
