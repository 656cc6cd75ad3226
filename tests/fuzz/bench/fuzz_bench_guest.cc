// Whatever a guest says on COM1: read, answered, counted and reported.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vmm/bench/guest_talk.h"
#include "vmm/bench/html_report.h"
#include "vmm/bench/report.h"
#include "vmm/bench/report_json.h"
#include "vmm/bench/report_text.h"

namespace {

using skiff::bench::GuestTalk;

void check(bool holds) {
  if (!holds) std::abort();
}

bool hear(skiff::bench::GuestReader& reader, GuestTalk& talk, std::string_view bytes) {
  for (const auto& word : reader.put(bytes)) {
    switch (talk.take(word)) {
      case GuestTalk::Wants::nothing:
        break;
      case GuestTalk::Wants::text:
        check(talk.text_bytes() <= GuestTalk::kMostText);
        break;
      case GuestTalk::Wants::go:
      case GuestTalk::Wants::on:
        check(talk.text_bytes() <= GuestTalk::kMostText);
        talk.give({.has_ledger = true, .exits = {{"MMIO", "d", "r", "write", 1, 1}}});
        break;
      case GuestTalk::Wants::over:
        return false;
    }
  }
  check(reader.other().size() <= skiff::bench::GuestReader::kMostOther);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  skiff::bench::GuestReader reader;
  GuestTalk talk({"a", "read-4096-d1"});
  // Bytes come as the pipe cuts them.
  const std::size_t step = size == 0 ? 1 : data[0] % 64 + 1;
  for (; !bytes.empty() && hear(reader, talk, bytes.substr(0, step));) {
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  const auto runs = talk.results("the end");
  check(runs.size() == 2);
  skiff::bench::Report report;
  for (const auto& run : runs) {
    report.cells.push_back(skiff::bench::make_cell_report(
        {.group = "disk", .setup = "ide/memory", .cell = run.cell}, "skiff", {run, run}));
  }
  to_table(report);
  to_html(report);
  std::string why;
  check(skiff::bench::parse_report(to_json(report), why).has_value());
  return 0;
}
