// The club, open: the service with its members, and the three that hear of them.
#pragma once

#include "mailer.hpp"
#include "member.hpp"

#include <eventloom/projections/projected.hpp>
#include <eventloom/projections/table.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/database.hpp>

#include <map>
#include <memory>
#include <optional>

namespace members {

// What customer service looks at.
struct TicketRow {
    MemberId member;
    std::string about;
};
el::Projected<TicketId, TicketRow> tickets();

// How many have registered, by the domain of their address: a small system with a disk of its own, outside the log.
class Analytics {
public:
    static el::result<std::unique_ptr<Analytics>> open(const el::Runtime& runtime, const std::string& directory);
    el::result<void> count(const std::string& email);
    el::result<std::map<std::string, std::uint64_t>> counts() const;

    explicit Analytics(std::unique_ptr<el::Database> counts) : counts_{std::move(counts)} {}

private:
    const std::unique_ptr<el::Database> counts_;
};

struct ClubOptions {
    std::string mail_server = "smtp://127.0.0.1:2525";
};

class Club final : public el::OpenService {
public:
    static el::result<std::unique_ptr<Club>> open(const el::Runtime& runtime, const std::string& directory,
                                                  const ClubOptions& options, bool create_if_missing);

    el::Service& service() override { return *service_; }
    const Analytics& analytics() const { return *analytics_; }
    const el::Table<TicketId, TicketRow>& tickets() const { return *tickets_; }

private:
    void subscribe();

    std::unique_ptr<Mailer> mailer_; // these two outlive the service that calls them
    std::unique_ptr<Analytics> analytics_;
    std::unique_ptr<el::Service> service_;
    std::optional<el::Table<TicketId, TicketRow>> tickets_;
};

} // namespace members
