// What is wrong with a configuration, in words and with a place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vmm/machine/config_tree.h"

namespace skiff {

struct ConfigDiagnostic {
  ConfigPlace place;
  std::string message;  // one sentence, no full stop
};

// Collects all errors of a configuration, so that a person sees them at once.
// Thread rule: one thread.
class ConfigDiagnostics {
 public:
  void error(const ConfigPlace& place, std::string message);
  bool empty() const { return list_.empty(); }
  // By place: the file from top to bottom, then the command line from left to right.
  std::vector<ConfigDiagnostic> take_sorted();

 private:
  std::vector<ConfigDiagnostic> list_;
};

// "file:line:column: error: message", the source line and a caret under the place; for the command
// line "label: error: message". Ends with a newline. `labels[n - 1]` names source n. Control
// characters of the source line are not passed on to the terminal.
std::string render_diagnostic(const ConfigDiagnostic& diagnostic, std::string_view file_name,
                              std::string_view file_text, const std::vector<std::string>& labels);

}  // namespace skiff
