#include "vmm/cli/man_page.h"

#include <fmt/core.h>

#include "vmm/cli/command_spec.h"
#include "vmm/cli/exit_statuses.h"
#include "vmm/cli/help_text.h"
#include "vmm/cli/version.h"

namespace skiff {
namespace {

// Text as roff takes it: backslashes, hyphens that must stay hyphens, and characters that would
// begin a request at the start of a line.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool line_start = at == 0 || text[at - 1] == '\n';
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (text.substr(at).starts_with("…")) {
      out += "\\&...";
      at += std::string_view("…").size() - 1;
    } else {
      out += c;
    }
  }
  return out;
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (true) {
    const auto end = text.find("\n\n");
    out += fmt::format("{}\n", escaped(text.substr(0, end)));
    if (end == std::string_view::npos) return out;
    out += ".PP\n";
    text.remove_prefix(end + 2);
  }
}

std::string options_text(std::span<const OptionSpec> options) {
  std::string out;
  for (const OptionSpec& option : options) {
    if (option.hidden) continue;
    out += ".TP\n";
    const auto comma = option.names.find(',');
    if (comma != std::string_view::npos) {
      out += fmt::format("\\fB{}\\fR, ", escaped(option.names.substr(comma + 1)));
    }
    out += fmt::format("\\fB{}\\fR", escaped(option.long_name()));
    if (!option.implied.empty()) {
      out += fmt::format("[=\\fI{}\\fR]", escaped(option.value));
    } else if (!option.value.empty()) {
      out += fmt::format(" \\fI{}\\fR", escaped(option.value));
    }
    out += fmt::format("\n{}\n", escaped(option.help));
  }
  return out;
}

std::string examples_text(std::span<const ExampleSpec> examples) {
  std::string out;
  for (const ExampleSpec& example : examples) {
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", escaped(example.command), escaped(example.what));
  }
  return out;
}

}  // namespace

std::string man_page() {
  const CommandSpec& program = program_spec();
  std::string out = fmt::format(
      ".TH SKIFF 1 \"\" \"skiff {}\" \"User Commands\"\n.SH NAME\nskiff \\- {}\n.SH SYNOPSIS\n",
      version(), escaped(program.summary));
  bool first = true;
  for (const CommandSpec& command : command_specs()) {
    if (!first) out += ".br\n";
    first = false;
    out += fmt::format("\\fBskiff {}\\fR [\\fIOPTIONS\\fR] \\fI{}\\fR\n", command.name,
                       escaped(command.operands));
  }
  out += ".SH DESCRIPTION\n" + paragraphs(program.description);
  out +=
      ".SH OPTIONS\nThese may stand before or after the command.\n" + options_text(program.options);
  out += ".SH COMMANDS\n";
  for (const CommandSpec& command : command_specs()) {
    out += fmt::format(".SS {}\n{}", escaped(usage_line(command)), paragraphs(command.description));
    out += options_text(command.options);
  }
  out += ".SH EXIT STATUS\n";
  for (const auto& status : exit_status_texts()) {
    out += fmt::format(".TP\n.B {}\n{}\n", escaped(status.number), escaped(status.meaning));
  }
  out += ".SH EXAMPLES\n" + examples_text(program.examples);
  for (const CommandSpec& command : command_specs())
    out += examples_text(command.examples);
  out +=
      ".SH FILES\n.TP\n.I /dev/kvm\nthe kernel's door to virtualization; a user may open it who "
      "is in its group, usually kvm.\n.TP\n.I $XDG_RUNTIME_DIR/skiff, /run/skiff, "
      "/tmp/skiff\\-UID\nthe run directories of named VMs; the first that applies.\n";
  return out;
}

}  // namespace skiff
