// The service of the toolshed: its parts, and how they are opened.
#pragma once

#include "tool_rows.hpp"

#include <eventloom/service/service.hpp>

namespace toolshed {

struct Settings {
    int loan_days = 14;
};

struct Toolshed final : el::OpenService {
    static el::result<std::unique_ptr<Toolshed>> open(const el::Runtime& runtime, const std::string& directory,
                                                      const Settings& settings, bool create_if_missing);
    el::Service& service() override { return *opened; }

    int loan_days = 0;
    std::unique_ptr<el::Service> opened;
    std::optional<el::Table<ToolId, ToolRow>> tools;
};

} // namespace toolshed
