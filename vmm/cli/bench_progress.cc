#include "vmm/cli/bench_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace skiff {

BenchProgressLine::BenchProgressLine() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void BenchProgressLine::show(const bench::BenchProgress& progress) {
  if (!is_terminal_) return;
  winsize size{};
  const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  const std::size_t width = is_known ? size.ws_col - 1U : 79;
  std::fprintf(stderr, "\r\x1b[K%s", progress_text(progress, width).c_str());
  std::fflush(stderr);
  is_shown_ = true;
}

void BenchProgressLine::clear() {
  if (!is_shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  is_shown_ = false;
}

std::string progress_text(const bench::BenchProgress& progress, std::size_t width) {
  const auto done = static_cast<std::int64_t>(std::max<std::size_t>(progress.cell, 2) - 1);
  const auto left =
      static_cast<std::int64_t>(progress.cells - std::min(progress.cells, progress.cell)) + 1;
  const std::int64_t seconds = progress.elapsed.count() * left / done;
  std::string text =
      fmt::format("[{}/{}] run {}/{}, {}:{:02} left: {}", progress.cell, progress.cells,
                  progress.run, progress.runs, seconds / 60, seconds % 60, progress.name);
  if (text.size() > width) text.resize(width);
  return text;
}

}  // namespace skiff
