#include "vmm/control/escape_filter.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

namespace skiff {
namespace {

struct Key {
  char letter;
  char other;  // of the same meaning; 0: none
  ConsoleAction action;
  std::string_view meaning;
};

constexpr auto kRunKeys = std::to_array<Key>({
    {'x', 'q', ConsoleAction::quit, "quit: stop the guest at once"},
    {'p', 0, ConsoleAction::power_button, "press the guest's power button"},
    {'r', 0, ConsoleAction::reset, "reset the guest"},
    {'b', 0, ConsoleAction::send_break, "send a break (SysRq on a serial console)"},
    {'n', 0, ConsoleAction::nmi, "send a non-maskable interrupt"},
    {'w', 0, ConsoleAction::why, "why: say what the guest is doing"},
    {'h', '?', ConsoleAction::help, "this help"},
});

constexpr auto kConsoleKeys = std::to_array<Key>({
    {'d', 'x', ConsoleAction::detach, "detach: the VM runs on"},
    {'q', 0, ConsoleAction::detach, "the same"},
    {'t', 0, ConsoleAction::take_writer, "become the writer, whoever that is now"},
    {'v', 0, ConsoleAction::leave_writer, "become a viewer"},
    {'f', 's', ConsoleAction::send_file, "send a file's bytes to the guest (again: stop that)"},
    {'p', 0, ConsoleAction::power_button, "press the guest's power button"},
    {'r', 0, ConsoleAction::reset, "reset the guest"},
    {'b', 0, ConsoleAction::send_break, "send a break (SysRq: then its key)"},
    {'n', 0, ConsoleAction::nmi, "send a non-maskable interrupt"},
    {'w', 0, ConsoleAction::why, "why: say what the guest is doing"},
    {'h', '?', ConsoleAction::help, "this help"},
});

std::span<const Key> keys_of(EscapeKeys keys) {
  return keys == EscapeKeys::run ? std::span<const Key>(kRunKeys) : kConsoleKeys;
}

std::optional<ConsoleAction> action_of(EscapeKeys keys, char letter) {
  for (const Key& key : keys_of(keys)) {
    if (letter == key.letter || (key.other != 0 && letter == key.other)) return key.action;
  }
  return std::nullopt;
}

}  // namespace

void EscapeFilter::feed(std::span<const std::byte> typed, std::vector<std::byte>& to_guest,
                        const std::function<void(ConsoleAction)>& act) {
  for (const std::byte byte : typed) {
    if (escape_ == std::byte{0}) {
      to_guest.push_back(byte);
      continue;
    }
    if (!pending_) {
      if (byte == escape_) {
        pending_ = true;
      } else {
        to_guest.push_back(byte);
      }
      continue;
    }
    pending_ = false;
    if (byte == escape_) {
      to_guest.push_back(byte);  // typed twice: one for the guest
    } else if (const auto action = action_of(keys_, static_cast<char>(byte))) {
      act(*action);
    } else {
      // Not ours: nothing that was typed is lost.
      to_guest.push_back(escape_);
      to_guest.push_back(byte);
    }
  }
}

std::string EscapeFilter::escape_name() const {
  const auto key = static_cast<char>(escape_);
  if (key == 0) return "(none)";
  if (key > 0 && key < 0x20) return fmt::format("Ctrl-{}", static_cast<char>(key + 0x40));
  return std::string(1, key);
}

std::string EscapeFilter::help() const {
  const std::string key = escape_name();
  std::string text = "\r\n";
  for (const Key& row : keys_of(keys_)) {
    text += fmt::format("  {} {}       {}\r\n", key, row.letter, row.meaning);
  }
  text += fmt::format("  {} {}  send {} itself\r\n", key, key, key);
  return text;
}

}  // namespace skiff
