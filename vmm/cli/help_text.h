// Help for people at a terminal, from command_spec.
#pragma once

#include <string>

#include "vmm/cli/command_spec.h"

namespace skiff {

// `command`: program_spec() or one of command_specs(). At most 80 columns wide.
std::string help_text(const CommandSpec& command);

// "skiff run [OPTIONS] [CONFIG]"
std::string usage_line(const CommandSpec& command);

// `text` in lines of at most `width` columns, each after the first begun with `indent` blanks.
// Paragraphs stay apart.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace skiff
