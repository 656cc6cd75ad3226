#include "vmm/board/x86_64/trap_path.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "vmm/board/x86_64/cpu_mode.h"

namespace skiff {
namespace {

struct Exception {
  std::string_view name;
  unsigned vector;
};
constexpr Exception kExceptions[] = {{"#PF", 14}, {"#GP", 13}, {"#DF", 8}};

struct Gate {
  bool is_present = false;
  unsigned stack = 0;  // IST, 0 = none
  std::uint64_t handler = 0;
};

bool is_long(const VcpuState& state) {
  const CpuMode mode = cpu_mode(state);
  return mode == CpuMode::long64 || mode == CpuMode::compatibility;
}

Gate parse_gate(const std::array<std::byte, 16>& raw, bool is_wide) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::memcpy(&low, raw.data(), 8);
  std::memcpy(&high, raw.data() + 8, 8);
  Gate gate;
  gate.is_present = (low >> 47 & 1) != 0;
  gate.handler = (low & 0xffff) | (low >> 32 & 0xffff'0000);
  if (is_wide) {
    gate.handler |= high << 32;
    gate.stack = static_cast<unsigned>(low >> 32) & 7;
  }
  return gate;
}

// A stack pointer of the 64-bit TSS: RSP0 at 4, IST1 at 36, eight bytes each.
std::optional<std::uint64_t> tss_stack(const VcpuState& state, const PhysicalReader& read,
                                       unsigned ist) {
  const std::uint64_t offset = ist == 0 ? 4 : 36 + 8ULL * (ist - 1);
  std::array<std::byte, 8> raw{};
  if (read_linear(state, state.tr.base + offset, read, raw) != raw.size()) return std::nullopt;
  std::uint64_t pointer = 0;
  std::memcpy(&pointer, raw.data(), raw.size());
  return pointer;
}

bool is_usable(const VcpuState& state, const PhysicalReader& read, std::uint64_t linear) {
  const PageWalk walk = walk_pages(state, linear, read);
  return walk.is_in_ram;
}

void check_stack(const VcpuState& state, const PhysicalReader& read,
                 std::vector<std::string>& broken) {
  if (is_long(state) && privilege_level(state) != 0) {
    const auto pointer = tss_stack(state, read, 0);
    if (!pointer) {
      broken.push_back(fmt::format(
          "the task state segment at {:#x} is not mapped: an exception in ring {} finds no stack",
          state.tr.base, privilege_level(state)));
    } else if (!is_usable(state, read, *pointer - 8)) {
      broken.push_back(fmt::format(
          "the stack for ring 0 (RSP0 = {:#x} in the task state segment) is not mapped", *pointer));
    }
    return;
  }
  if (privilege_level(state) != 0) return;
  const std::uint64_t top = linear_rsp(state);
  if (is_usable(state, read, top - 8)) return;
  broken.push_back(fmt::format(
      "nothing can be pushed on the stack: below RSP {:#x} there is {} (a stack overflow into a "
      "guard page, or a wrong RSP)",
      top, walk_pages(state, top - 8, read).is_mapped() ? "no RAM" : "no mapped page"));
}

void check_gate(const VcpuState& state, const PhysicalReader& read, const Exception& exception,
                std::vector<std::string>& broken) {
  const bool is_wide = is_long(state);
  const std::uint64_t size = is_wide ? 16 : 8;
  const std::uint64_t offset = exception.vector * size;
  if (offset + size - 1 > state.idt.limit) {
    broken.push_back(fmt::format("the IDT (limit {:#x}) has no entry for {} (vector {})",
                                 state.idt.limit, exception.name, exception.vector));
    return;
  }
  std::array<std::byte, 16> raw{};
  const auto entry = std::span(raw).first(size);
  if (read_linear(state, state.idt.base + offset, read, entry) != size) {
    broken.push_back(fmt::format("the IDT's entry for {} at {:#x} is not mapped", exception.name,
                                 state.idt.base + offset));
    return;
  }
  const Gate gate = parse_gate(raw, is_wide);
  if (!gate.is_present) {
    broken.push_back(fmt::format("the IDT's gate for {} (vector {}) is not present", exception.name,
                                 exception.vector));
  } else if (is_wide && !is_usable(state, read, gate.handler)) {
    broken.push_back(
        fmt::format("the handler of {} at {:#x} is not mapped", exception.name, gate.handler));
  } else if (gate.stack != 0) {
    const auto pointer = tss_stack(state, read, gate.stack);
    if (!pointer || !is_usable(state, read, *pointer - 8)) {
      broken.push_back(
          fmt::format("the stack of {} (IST {} of the task state segment) is not mapped",
                      exception.name, gate.stack));
    }
  }
}

}  // namespace

std::vector<std::string> broken_trap_path(const VcpuState& state, const PhysicalReader& read) {
  std::vector<std::string> broken;
  if (cpu_mode(state) == CpuMode::real) {
    if (state.idt.limit < 0x3ff) {
      broken.push_back(fmt::format("the interrupt vector table's limit is {:#x}, less than 0x3ff",
                                   state.idt.limit));
    }
    return broken;
  }
  if (state.idt.limit == 0) {
    broken.push_back("no IDT is loaded (its limit is 0), so any exception becomes a triple fault");
    return broken;
  }
  if (!is_usable(state, read, state.idt.base)) {
    broken.push_back(fmt::format(
        "the IDT at {:#x} is not mapped, so any exception becomes a triple fault", state.idt.base));
    return broken;
  }
  check_stack(state, read, broken);
  for (const Exception& exception : kExceptions)
    check_gate(state, read, exception, broken);
  return broken;
}

}  // namespace skiff
