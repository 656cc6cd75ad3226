#include "vmm/control/escape_filter.h"

#include <fmt/format.h>

#include <optional>

namespace skiff {
namespace {

std::optional<ConsoleAction> action_of(char key) {
  switch (key) {
    case 'x':
    case 'q':
      return ConsoleAction::quit;
    case 'p':
      return ConsoleAction::power_button;
    case 'r':
      return ConsoleAction::reset;
    case 'b':
      return ConsoleAction::send_break;
    case 'n':
      return ConsoleAction::nmi;
    case 'w':
      return ConsoleAction::why;
    case 'h':
    case '?':
      return ConsoleAction::help;
    default:
      return std::nullopt;
  }
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
    } else if (const auto action = action_of(static_cast<char>(byte))) {
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
  const std::pair<const char*, const char*> rows[] = {
      {"x", "quit: stop the guest at once"},
      {"p", "press the guest's power button"},
      {"r", "reset the guest"},
      {"b", "send a break (SysRq on a serial console)"},
      {"n", "send a non-maskable interrupt"},
      {"w", "why: say what the guest is doing"},
      {"h", "this help"},
  };
  for (const auto& [letter, meaning] : rows) {
    text += fmt::format("  {} {}       {}\r\n", key, letter, meaning);
  }
  text += fmt::format("  {} {}  send {} itself\r\n", key, key, key);
  return text;
}

}  // namespace skiff
