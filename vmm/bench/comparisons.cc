#include "vmm/bench/comparisons.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "vmm/bench/report_text.h"

namespace skiff::bench {
namespace {

// What is worth a paragraph: `other` is measured against `base`.
struct Pair {
  std::string_view group;
  std::string_view base;
  std::string_view other;
  std::string_view what;  // how they differ
};
constexpr auto kPairs = std::to_array<Pair>({
    {"doorbell", "kernel", "split", "PIC, I/O APIC and PIT in Skiff, the local APIC in the kernel"},
    {"doorbell", "kernel", "user", "no interrupt controller in the kernel"},
    {"disk", "virtio-pci", "virtio-pci,no-ioeventfd", "each notification is an exit to Skiff"},
    {"disk", "virtio-pci,no-ioeventfd", "virtio-pci,inline",
     "the vCPU that notifies does the disk's work itself, and waits for it"},
    {"disk", "virtio-pci", "virtio-pci,no-event-idx",
     "driver and device cannot tell each other what they wait for"},
    {"disk", "virtio-pci", "virtio-pci,packed", "one ring instead of three tables"},
    {"disk", "virtio-pci", "virtio-pci,poll",
     "the guest looks again and again instead of sleeping"},
    {"disk", "virtio-pci", "virtio-mmio", "another transport for the same rings"},
    {"disk", "virtio-pci", "nvme", "hardware that was made for few register accesses"},
    {"disk", "nvme", "nvme,no-shadow", "doorbells are registers, not memory"},
    {"disk", "virtio-pci", "ide,dma", "hardware of 1994: registers for each command"},
    {"disk", "virtio-pci", "ide,pio", "hardware of 1984: the data goes through a register too"},
    {"net", "virtio-pci", "virtio-pci,no-ioeventfd", "each notification is an exit to Skiff"},
    {"net", "virtio-pci", "e1000", "an adapter of 2002"},
    {"console", "virtio-console", "16550,byte",
     "a register for each byte, and one to look before it"},
    {"console", "16550,byte", "16550,fifo", "sixteen bytes for one look"},
    {"console", "virtio-console", "pl011,byte",
     "a register for each byte, and one to look before it"},
    {"console", "pl011,byte", "pl011,fifo", "sixteen bytes for one look"},
});
// The simplest exit to Skiff there is, of the first machine that was measured.
struct PlainExit {
  std::string_view id;
  std::string_view what;
};
constexpr auto kPlainExits = std::to_array<PlainExit>({
    {"doorbell/kernel/port-write", "A write to a port"},
    {"doorbell/gicv3/mmio-write", "A write to a register"},
    {"doorbell/gicv2/mmio-write", "A write to a register"},
});

// Of the cells that both have, those that are spoken of, best first; at most two.
constexpr auto kTelling =
    std::to_array<std::string_view>({"read-4096-d1", "read-4096-d32", "hlt-irq", "ipi",
                                     "transmit-1500", "pingpong-64", "out", "in"});
constexpr std::size_t kMostCells = 2;

bool is_telling(std::string_view cell) {
  return std::ranges::find(kTelling, cell) != kTelling.end();
}

std::string size_words(std::uint64_t bytes) {
  if (bytes % (1 << 20) == 0) return fmt::format("{} MiB", bytes >> 20);
  if (bytes % (1 << 10) == 0) return fmt::format("{} KiB", bytes >> 10);
  return fmt::format("{} byte", bytes);
}

struct MeasuredExit {
  const CellReport* cell;
  std::string_view what;
};
std::optional<MeasuredExit> plain_exit(const Report& report) {
  for (const PlainExit& exit : kPlainExits) {
    const CellReport* const cell = report.find(exit.id);
    if (cell != nullptr) return MeasuredExit{cell, exit.what};
  }
  return std::nullopt;
}

std::string times_text(double ratio) {
  return ratio >= 10 ? fmt::format("{:.0f}", ratio) : fmt::format("{:.1f}", ratio);
}

bool is_sure(const CellReport& a, const CellReport& b) {
  const auto& one = a.metrics[telling_metric(a.name)];
  const auto& two = b.metrics[telling_metric(b.name)];
  return one && two && differ(*one, *two);
}

std::string speed_sentence(const CellReport& base, const CellReport& other) {
  const double a = ns_per_request(base);
  const double b = ns_per_request(other);
  const std::string times = fmt::format("{} takes {} a request, {} {}", other.name.setup,
                                        time_text(b), base.name.setup, time_text(a));
  if (a == 0 || b == 0) return times + ".";
  if (!is_sure(base, other)) return times + ": no more than the runs differ among themselves.";
  return b > a ? fmt::format("{}: {} times as long.", times, times_text(b / a))
               : fmt::format("{}: {} times as fast.", times, times_text(a / b));
}

std::string exits_sentence(const CellReport& base, const CellReport& other) {
  if (!base.metrics[Metric::user_exits] || !other.metrics[Metric::user_exits]) return {};
  const std::string rows = exits_words(other);
  std::string text = fmt::format(
      " It leaves the guest for Skiff {} times a request{} instead of {}",
      number_text(other.value(Metric::user_exits)), rows.empty() ? "" : " (" + rows + ")",
      number_text(base.value(Metric::user_exits)));
  if (base.metrics[Metric::kernel_exits] && other.metrics[Metric::kernel_exits]) {
    text += fmt::format(", and for KVM alone {} times instead of {}",
                        number_text(other.value(Metric::kernel_exits)),
                        number_text(base.value(Metric::kernel_exits)));
  }
  return text + ".";
}

// How much of the time between them the exits explain, at what an exit costs on this host.
std::string cause_sentence(const Report& report, const CellReport& base, const CellReport& other) {
  const auto cost = exit_cost_ns(report);
  const double more_time = ns_per_request(other) - ns_per_request(base);
  const double more_exits = other.value(Metric::user_exits) - base.value(Metric::user_exits);
  if (!cost || !is_sure(base, other) || more_time <= 0 || more_exits < 0.05) return {};
  const double explained = more_exits * *cost;
  if (explained >= more_time) {
    return fmt::format(
        " At {} for an exit to Skiff and back those alone would be {}: that is all of the {} "
        "between them.",
        time_text(*cost), time_text(explained), time_text(more_time));
  }
  return fmt::format(
      " At {} for an exit to Skiff and back those are {} of the {} between them ({:.0f} %); "
      "Skiff's "
      "own code is {} of a request.",
      time_text(*cost), time_text(explained), time_text(more_time), 100 * explained / more_time,
      time_text(other.value(Metric::skiff_ns)));
}

std::string cpu_sentence(const CellReport& base, const CellReport& other) {
  const double a = cpu_us(base);
  const double b = cpu_us(other);
  if (a == 0 || b == 0) return {};
  return fmt::format(
      " The host's processors work {} us for it instead of {}: {} as the guest and Skiff on the "
      "vCPU's thread, {} in the kernel there, {} on the I/O thread.",
      number_text(b), number_text(a), number_text(other.value(Metric::vcpu_user_us)),
      number_text(other.value(Metric::vcpu_kernel_us)), number_text(other.value(Metric::io_us)));
}

// "virtio-pci,packed" of "virtio-pci,packed/memory".
std::string_view face_of(const CellReport& cell) {
  return std::string_view(cell.name.setup).substr(0, cell.name.setup.find('/'));
}
std::string_view backend_of(const CellReport& cell) {
  const auto slash = cell.name.setup.find('/');
  return slash == std::string::npos ? std::string_view()
                                    : std::string_view(cell.name.setup).substr(slash);
}

bool is_ours(const CellReport& cell) {
  // A run that counted instructions timed nothing.
  return cell.monitor == "skiff" && cell.has_numbers() && cell.metrics[Metric::p50_ns].has_value();
}

const CellReport* partner_of(const Report& report, const CellReport& other, const Pair& pair) {
  for (const CellReport& cell : report.cells) {
    if (is_ours(cell) && cell.name.group == pair.group && face_of(cell) == pair.base &&
        backend_of(cell) == backend_of(other) && cell.name.cell == other.name.cell) {
      return &cell;
    }
  }
  return nullptr;
}

// Those of the pair's cells that are spoken of: the telling ones if there are any.
std::vector<std::pair<const CellReport*, const CellReport*>> cells_of(const Report& report,
                                                                      const Pair& pair) {
  std::vector<std::pair<const CellReport*, const CellReport*>> cells;
  for (const bool wants_telling : {true, false}) {
    for (const CellReport& other : report.cells) {
      if (!is_ours(other) || other.name.group != pair.group || face_of(other) != pair.other)
        continue;
      if (is_telling(other.name.cell) != wants_telling || cells.size() == kMostCells) continue;
      if (const CellReport* const base = partner_of(report, other, pair)) {
        cells.emplace_back(base, &other);
      }
    }
    if (!cells.empty()) break;
  }
  return cells;
}

std::optional<Comparison> compare_pair(const Report& report, const Pair& pair) {
  const auto cells = cells_of(report, pair);
  if (cells.empty()) return std::nullopt;
  Comparison comparison{
      .title = fmt::format("{}: {} against {}", pair.group, pair.other, pair.base),
      .text = fmt::format("{} against {} ({}).", pair.other, pair.base, pair.what)};
  for (const auto& [base, other] : cells) {
    comparison.text +=
        fmt::format(" {}: {}", cell_words(other->name.cell), speed_sentence(*base, *other)) +
        exits_sentence(*base, *other) + cause_sentence(report, *base, *other) +
        cpu_sentence(*base, *other);
    comparison.ids.push_back(other->name.id());
    comparison.ids.push_back(base->name.id());
  }
  return comparison;
}

// The ways of ringing, against a write that Skiff answers.
std::optional<Comparison> compare_doorbells(const Report& report) {
  const auto exit = plain_exit(report);
  if (!exit || !is_ours(*exit->cell)) return std::nullopt;
  const CellReport* const base = exit->cell;
  const double a = base->value(Metric::p50_ns);
  Comparison comparison{
      .title = "doorbell: the ways to be heard",
      .text =
          fmt::format("The ways to be heard. {} that Skiff answers takes the guest {}, "
                      "of which Skiff's own code is {}: the rest is the way out of the guest and "
                      "back.",
                      exit->what, time_text(a), time_text(base->value(Metric::skiff_ns))),
      .ids = {base->name.id()}};
  for (const CellReport& cell : report.cells) {
    if (!is_ours(cell) || cell.name.group != "doorbell" || cell.name.setup != base->name.setup ||
        &cell == base) {
      continue;
    }
    // How a guest is told, not how it tells.
    if (cell.name.cell == "hlt-irq" || cell.name.cell == "ipi") continue;
    const double b = cell.value(Metric::p50_ns);
    if (b == 0) continue;
    const bool is_alike = !differ(*base->metrics[Metric::p50_ns], *cell.metrics[Metric::p50_ns]);
    const std::string than = is_alike
                                 ? "about as long"
                                 : fmt::format("{} times {}", times_text(b > a ? b / a : a / b),
                                               b > a ? "as long" : "as fast");
    comparison.text += fmt::format(" {}: {}, {}, with {} exits to Skiff.", cell.name.cell,
                                   time_text(b), than, number_text(cell.value(Metric::user_exits)));
    comparison.ids.push_back(cell.name.id());
  }
  return comparison;
}

// One paragraph for each other monitor, where instructions were counted.
std::optional<Comparison> compare_instructions(const Report& report, const std::string& rival) {
  Comparison comparison{.title = "Instructions of Skiff and " + rival};
  std::string listed;
  for (const CellReport& theirs : report.cells) {
    const CellReport* const ours = report.find(theirs.name.id());
    if (theirs.monitor != rival || ours == nullptr) continue;
    const double a = ours->value(Metric::instructions);
    const double b = theirs.value(Metric::instructions);
    if (a == 0 || b == 0) continue;
    listed += fmt::format("{} {}: {} against {}, {:.1f} times as many", listed.empty() ? "" : ";",
                          ours->name.id(), number_text(a), number_text(b), b / a);
    comparison.ids.push_back(ours->name.id());
  }
  if (listed.empty()) return std::nullopt;
  comparison.text =
      fmt::format("{}, of the vCPU's thread outside the guest and the kernel, for an exit.{}.",
                  comparison.title, listed);
  return comparison;
}

// One paragraph for each other monitor, over all cells that both have.
std::optional<Comparison> compare_rival(const Report& report, const std::string& rival) {
  std::size_t faster = 0;
  std::size_t slower = 0;
  std::size_t alike = 0;
  std::vector<double> ratios;
  Comparison comparison{.title = "Skiff against " + rival};
  std::string listed;
  for (const CellReport& theirs : report.cells) {
    if (theirs.monitor != rival || !theirs.has_numbers()) continue;
    const CellReport* const ours = report.find(theirs.name.id());
    if (ours == nullptr || !ours->has_numbers() || ns_per_request(*ours) == 0) continue;
    if (ns_per_request(theirs) == 0) continue;
    const double ratio = ns_per_request(theirs) / ns_per_request(*ours);
    ratios.push_back(ratio);
    ++(!is_sure(*ours, theirs) ? alike : ratio > 1 ? faster : slower);
    listed += fmt::format("{} {} {:.2f}", listed.empty() ? "" : ",", ours->name.id(), ratio);
    comparison.ids.push_back(ours->name.id());
  }
  if (ratios.empty()) return std::nullopt;
  const std::size_t cells = ratios.size();
  comparison.text = fmt::format(
      "{}. Of {} cells Skiff is faster in {}, slower in {}, and {} differ by no more than their "
      "runs. {}'s time for a request over Skiff's, median {:.2f}:{}.",
      comparison.title, cells, faster, slower, alike, rival, median_of(std::move(ratios)), listed);
  return comparison;
}

}  // namespace

Metric telling_metric(const CellName& name) {
  const std::string_view cell = name.cell;
  const auto depth = cell.rfind("-d");
  const bool is_one = depth != std::string_view::npos && cell.substr(depth) == "-d1";
  if (name.group == "disk") return is_one ? Metric::p50_ns : Metric::requests_per_second;
  if (name.group == "doorbell" || cell.starts_with("pingpong")) return Metric::p50_ns;
  return Metric::requests_per_second;
}

double ns_per_request(const CellReport& cell) {
  if (telling_metric(cell.name) == Metric::p50_ns) return cell.value(Metric::p50_ns);
  const double rate = cell.value(Metric::requests_per_second);
  return rate == 0 ? 0 : 1e9 / rate;
}

double cpu_us(const CellReport& cell) {
  return cell.value(Metric::vcpu_user_us) + cell.value(Metric::vcpu_kernel_us) +
         cell.value(Metric::io_us) + cell.value(Metric::other_us);
}

std::optional<double> exit_cost_ns(const Report& report) {
  const auto exit = plain_exit(report);
  if (!exit || !exit->cell->has_numbers()) return std::nullopt;
  return exit->cell->value(Metric::p50_ns);
}

std::string cell_words(const std::string& cell) {
  const auto first = cell.find('-');
  const auto second = cell.find("-d", first == std::string::npos ? 0 : first + 1);
  if (first == std::string::npos || second == std::string::npos) return cell;
  std::uint64_t bytes = 0;
  const char* const end = cell.data() + second;
  const auto [at, error] = std::from_chars(cell.data() + first + 1, end, bytes);
  if (error != std::errc() || at != end) return cell;
  const std::string depth = cell.substr(second + 2);
  return fmt::format("{} {}s, {}", size_words(bytes), cell.substr(0, first),
                     depth == "1" ? "one at a time" : depth + " at once");
}

std::string exits_words(const CellReport& cell) {
  std::string text;
  std::size_t told = 0;
  for (const ExitRate& row : cell.exits) {
    if (told == 3 || row.per_request < 0.01) break;
    const std::string whom =
        row.reg == "-" ? row.reason : fmt::format("{}.{} {}s", row.device, row.reg, row.direction);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number_text(row.per_request), whom);
    ++told;
  }
  return text;
}

std::vector<Comparison> compare_cells(const Report& report) {
  std::vector<Comparison> comparisons;
  const auto add = [&comparisons](std::optional<Comparison> comparison) {
    if (comparison) comparisons.push_back(*std::move(comparison));
  };
  add(compare_doorbells(report));
  for (const Pair& pair : kPairs)
    add(compare_pair(report, pair));
  std::vector<std::string> rivals;
  for (const CellReport& cell : report.cells) {
    if (cell.monitor != "skiff" && std::ranges::find(rivals, cell.monitor) == rivals.end()) {
      rivals.push_back(cell.monitor);
    }
  }
  for (const std::string& rival : rivals)
    add(compare_rival(report, rival));
  for (const std::string& rival : rivals)
    add(compare_instructions(report, rival));
  return comparisons;
}

}  // namespace skiff::bench
