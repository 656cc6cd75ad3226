#include "vmm/board/x86_64/failure_report.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <iterator>

#include "vmm/board/fatal_headline.h"
#include "vmm/board/x86_64/cpu_mode.h"
#include "vmm/board/x86_64/failure_hints.h"
#include "vmm/board/x86_64/register_bits.h"

namespace skiff {
namespace {

constexpr std::size_t kBytesBefore = 16, kBytesFrom = 16;
constexpr std::size_t kStackWords = 16;
constexpr std::size_t kMaxSymbol = 120;

class Writer {
 public:
  Writer(const VcpuState& state, const PhysicalReader& read, const SymbolLookup& symbols)
      : state_(state), read_(read), symbols_(symbols) {}

  template <typename... Args>
  void print(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), text, std::forward<Args>(args)...);
  }

  // " (start_kernel+0x12)", or nothing.
  std::string symbol(std::uint64_t address) const;
  void general_registers();
  void control_registers();
  void segments();
  void code();
  void stack();
  void walk(std::string_view what, std::uint64_t linear);
  std::string take() { return std::move(text_); }

 private:
  const VcpuState& state_;
  const PhysicalReader& read_;
  const SymbolLookup& symbols_;
  std::string text_;
};

std::string Writer::symbol(std::uint64_t address) const {
  if (!symbols_) return "";
  auto name = symbols_(address);
  if (!name || name->empty()) return "";
  if (name->size() > kMaxSymbol) name->resize(kMaxSymbol);
  // Names come from a file that may hold terminal control sequences.
  for (char& c : *name) {
    if (c < ' ' || c > '~') c = '?';
  }
  return " (" + *name + ")";
}

void Writer::general_registers() {
  const VcpuState& s = state_;
  print("RAX {:016x}  RBX {:016x}  RCX {:016x}  RDX {:016x}\n", s.rax, s.rbx, s.rcx, s.rdx);
  print("RSI {:016x}  RDI {:016x}  RBP {:016x}  RSP {:016x}\n", s.rsi, s.rdi, s.rbp, s.rsp);
  print("R8  {:016x}  R9  {:016x}  R10 {:016x}  R11 {:016x}\n", s.r8, s.r9, s.r10, s.r11);
  print("R12 {:016x}  R13 {:016x}  R14 {:016x}  R15 {:016x}\n", s.r12, s.r13, s.r14, s.r15);
}

void Writer::control_registers() {
  const VcpuState& s = state_;
  print("RFLAGS {:016x}  {}\n", s.rflags, rflags_bits(s.rflags));
  print("CR0    {:016x}  {}\n", s.cr0, cr0_bits(s.cr0));
  print("CR2    {:016x}  (address of the last page fault)\n", s.cr2);
  print("CR3    {:016x}  (root of the page tables)\n", s.cr3);
  print("CR4    {:016x}  {}\n", s.cr4, cr4_bits(s.cr4));
  print("CR8    {:016x}  (task priority)\n", s.cr8);
  print("EFER   {:016x}  {}\n", s.efer, efer_bits(s.efer));
}

void Writer::segments() {
  const VcpuState& s = state_;
  const struct {
    const char* name;
    const SegmentState& segment;
  } rows[] = {{"CS", s.cs}, {"SS", s.ss}, {"DS", s.ds},   {"ES", s.es},
              {"FS", s.fs}, {"GS", s.gs}, {"LDT", s.ldt}, {"TR", s.tr}};
  print("     sel   base              limit\n");
  for (const auto& row : rows) {
    print("{:<3}  {:04x}  {:016x}  {:08x}  {}\n", row.name, row.segment.selector, row.segment.base,
          row.segment.limit, segment_attributes(row.segment));
  }
  print("GDT        {:016x}  {:08x}\n", s.gdt.base, s.gdt.limit);
  print("IDT        {:016x}  {:08x}\n", s.idt.base, s.idt.limit);
}

void Writer::code() {
  const std::uint64_t rip = linear_rip(state_);
  std::array<std::byte, kBytesBefore + kBytesFrom> bytes{};
  const std::size_t from = read_linear(state_, rip, read_, std::span(bytes).subspan(kBytesBefore));
  if (from == 0) {
    print("Code: (nothing readable at {:#x})\n", rip);
    return;
  }
  // Those before RIP end at it: the first readable one may be anywhere (an unmapped page before).
  std::size_t before = 0;
  while (before < kBytesBefore &&
         read_linear(state_, rip - before - 1, read_,
                     std::span(bytes).subspan(kBytesBefore - before - 1, 1)))
    ++before;
  // The form of a Linux oops, so that the kernel's scripts/decodecode disassembles it.
  print("Code:");
  for (std::size_t at = kBytesBefore - before; at < kBytesBefore + from; ++at) {
    const auto byte = std::to_integer<unsigned>(bytes[at]);
    if (at == kBytesBefore) {
      print(" <{:02x}>", byte);
    } else {
      print(" {:02x}", byte);
    }
  }
  print("\n");
}

void Writer::stack() {
  const CpuMode mode = cpu_mode(state_);
  const std::size_t width = mode == CpuMode::long64 ? 8 : state_.ss.db ? 4 : 2;
  std::array<std::byte, kStackWords * 8> bytes{};
  const auto wanted = std::span(bytes).first(kStackWords * width);
  const std::uint64_t top = linear_rsp(state_);
  const std::size_t words = read_linear(state_, top, read_, wanted) / width;
  print("Stack at {:#x}:{}\n", top, words == 0 ? " (nothing readable)" : "");
  std::string named;
  for (std::size_t at = 0; at < words; ++at) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at * width, width);
    print("{}{:0{}x}", at % 4 == 0 ? "  " : " ", word, width * 2);
    if (at % 4 == 3 || at + 1 == words) print("\n");
    const std::string name = symbol(word);
    if (!name.empty()) {
      fmt::format_to(std::back_inserter(named), "  ? {:0{}x}{}\n", word, width * 2, name);
    }
  }
  print("{}", named);
}

void Writer::walk(std::string_view what, std::uint64_t linear) {
  const PageWalk walk = walk_pages(state_, linear, read_);
  print("Page walk of {} {:#x} ({})\n", what, walk.linear, to_string(walk.mode));
  for (std::size_t at = 0; at < walk.step_count; ++at) {
    const PageWalkStep& step = walk.steps[at];
    print("  {:<4} [{:>3}] at {:#014x}", step.table, step.index, step.entry_address);
    if (!step.is_readable) {
      print(": not RAM\n");
      continue;
    }
    print(" = {:016x}  {}", step.value, page_flags(step.value));
    if (step.reserved != 0) print("  (reserved: {:#x})", step.reserved);
    print("\n");
  }
  if (!walk.is_mapped()) {
    print("  -> {}\n", to_string(walk.end));
    return;
  }
  print("  -> physical {:#x}{}", walk.physical, walk.is_in_ram ? "" : ", where there is no RAM");
  if (walk.page_size != 0) {
    const bool is_small = walk.page_size < (1U << 20);
    print(", a {} {} page, {}{}{}", is_small ? walk.page_size >> 10 : walk.page_size >> 20,
          is_small ? "KiB" : "MiB", walk.is_user ? "user" : "supervisor",
          walk.is_writable ? ", writable" : ", read only",
          walk.is_executable ? ", executable" : ", no-execute");
  }
  print("\n");
}

// Whether CR2 tells something: a page fault is part of nearly every triple fault.
bool shows_cr2(const VcpuState& state, const Fatal& fatal) {
  const bool may_be_fault =
      fatal.kind == Fatal::Kind::triple_fault || fatal.kind == Fatal::Kind::internal_error;
  return may_be_fault && state.cr2 != 0 && paging_mode(state) != PagingMode::none;
}

}  // namespace

std::string failure_report(std::uint32_t vcpu, const VcpuState& state, const Fatal& fatal,
                           const PhysicalReader& read, const SymbolLookup& symbols) {
  Writer out(state, read, symbols);
  const std::uint64_t rip = linear_rip(state);
  out.print("vCPU {}: {}", vcpu, fatal_headline(fatal));
  const auto instruction =
      recognise_instruction(instruction_bytes(state, fatal, read), cpu_mode(state));
  if (instruction && fatal.kind == Fatal::Kind::internal_error)
    out.print(" of {}", instruction->name);
  out.print(" at {:#x}{}\n", rip, out.symbol(rip));
  out.print("What it probably means:\n");
  for (const std::string& hint : failure_hints(state, fatal, read))
    out.print("  - {}\n", hint);

  out.print("\nRIP {:016x}{}\n", state.rip, out.symbol(rip));
  out.print("Mode  {}\n", describe_mode(state));
  out.code();
  out.print("{}\n", fatal_details(fatal));
  out.general_registers();
  out.print("\n");
  out.control_registers();
  out.print("\n");
  out.segments();
  out.print("\n");
  out.walk("RIP", rip);
  if (shows_cr2(state, fatal) && state.cr2 != rip) out.walk("CR2", state.cr2);
  out.stack();
  return out.take();
}

}  // namespace skiff
