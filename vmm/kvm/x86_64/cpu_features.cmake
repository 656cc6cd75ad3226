# Data alone, without a KVM header, so that the configuration can check names against it.
skiff_room(cpu_features_x86_64 SOURCES "${CMAKE_CURRENT_LIST_DIR}/cpu_features.cc")
