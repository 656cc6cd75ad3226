#include "vmm/machine/why/vcpu_looks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace skiff {
namespace {

using Doing = VcpuFacts::Doing;

constexpr std::uint64_t kSpinSpan = 256;  // [bytes] of code
constexpr std::size_t kSpinLooks = 4;     // fewer prove nothing
constexpr std::size_t kMostPlaces = 4;

bool is_runnable(const VcpuLook& look) {
  return look.is_parked && look.sample.has_registers &&
         look.sample.run_state.value_or(VcpuRunState::runnable) == VcpuRunState::runnable;
}

bool is_halted(const VcpuLook& look) {
  return look.is_parked && look.sample.run_state == VcpuRunState::halted;
}

bool is_spin(std::span<const VcpuLook> looks, bool is_linux) {
  if (looks.size() < kSpinLooks || !std::ranges::all_of(looks, is_runnable)) return false;
  const VcpuSample& first = looks.front().sample;
  std::uint64_t low = first.address, high = first.address;
  for (const VcpuLook& look : looks) {
    if (look.sample.tables != first.tables || look.sample.is_user != first.is_user) return false;
    low = std::min(low, look.sample.address);
    high = std::max(high, look.sample.address);
  }
  return high - low < kSpinSpan && !(is_linux && first.is_user);
}

Doing doing_of(std::span<const VcpuLook> looks, bool has_ended, bool is_linux) {
  const VcpuLook& last = looks.back();
  if (!looks.front().is_parked || !last.is_parked) return Doing::not_answering;
  if (has_ended) return Doing::ended;
  // Later looks keep the main thread from taking console output, and so make devices busy.
  if (!looks.front().busy.empty()) return Doing::waiting_for_device;
  if (last.sample.run_state == VcpuRunState::waiting_for_start) return Doing::waiting_for_start;
  const auto halted = static_cast<std::size_t>(std::ranges::count_if(looks, is_halted));
  if (is_halted(last) && last.sample.has_registers && !last.sample.takes_interrupts)
    return Doing::halted_for_good;
  if (halted * 2 >= looks.size()) return Doing::idle;
  if (!last.sample.has_registers) return Doing::unknown;
  if (is_spin(looks, is_linux)) return Doing::spinning;
  const auto user = std::ranges::count_if(
      looks, [](const VcpuLook& look) { return is_runnable(look) && look.sample.is_user; });
  return static_cast<std::size_t>(user) * 2 >= looks.size() - halted ? Doing::user : Doing::kernel;
}

// "delay_tsc x5", the most frequent first.
std::vector<std::string> places(std::span<const VcpuLook> looks, const AddressName& name) {
  std::map<std::string, std::size_t> counts;
  for (const VcpuLook& look : looks) {
    if (!is_runnable(look)) continue;
    if (look.sample.is_user) {
      ++counts["(user mode)"];
      continue;
    }
    std::string where =
        name(look.sample.address).value_or(fmt::format("{:#x}", look.sample.address));
    ++counts[where.substr(0, where.find('+'))];
  }
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::vector<std::string> text;
  for (const auto& [where, count] : sorted) {
    if (text.size() == kMostPlaces) break;
    text.push_back(fmt::format("{} ×{}", where, count));
  }
  return text;
}

}  // namespace

VcpuFacts judge_vcpu(std::uint32_t id, std::span<const VcpuLook> looks, bool has_ended,
                     bool is_linux, const AddressName& name) {
  VcpuFacts facts{.id = id};
  facts.doing = doing_of(looks, has_ended, is_linux);
  facts.looks = looks.size();
  facts.device = looks.front().busy;
  const VcpuSample& last = looks.back().sample;
  if (!last.has_registers) return facts;
  facts.mode = last.mode;
  facts.address = last.address;
  facts.symbol = name(last.address).value_or("");
  if (facts.doing == Doing::kernel || facts.doing == Doing::user)
    facts.places = places(looks, name);
  return facts;
}

std::optional<HotRegister> hottest_register(const LedgerReport& before, const LedgerReport& after) {
  using Register = LedgerReport::Register;
  const auto is_access = [](const Register& row) {
    return !row.is_catch_all &&
           (row.reason == ExitReason::port_io || row.reason == ExitReason::mmio);
  };
  std::optional<HotRegister> hottest;
  for (const Register& row : after.registers) {
    if (!is_access(row)) continue;
    const auto earlier = std::ranges::find_if(before.registers, [&row](const Register& other) {
      return other.reason == row.reason && other.is_write == row.is_write &&
             other.offset == row.offset && other.device == row.device && !other.is_catch_all;
    });
    const std::uint64_t had = earlier == before.registers.end() ? 0 : earlier->exits.count;
    if (row.exits.count <= had) continue;
    const std::uint64_t count = row.exits.count - had;
    if (hottest && hottest->count >= count) continue;
    const double seconds = std::chrono::duration<double>(after.elapsed - before.elapsed).count();
    hottest = HotRegister{
        .name = row.is_claimed ? fmt::format("{}.{}", row.device, row.reg)
                               : fmt::format("{} {:#x}",
                                             row.reason == ExitReason::port_io ? "port" : "address",
                                             row.offset),
        .is_claimed = row.is_claimed,
        .is_write = row.is_write,
        .count = count,
        .per_second =
            seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(count) / seconds) : 0};
  }
  return hottest;
}

}  // namespace skiff
