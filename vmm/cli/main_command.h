// The whole program: arguments to one command, its errors to stderr and an exit status.
#pragma once

namespace skiff {

// Catches everything; called once, by main.
int main_command(int argc, char** argv) noexcept;

}  // namespace skiff
