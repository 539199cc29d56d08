// The hotel, open: the service with its bookings, its sagas, and the world outside that they call.
#pragma once

#include "bookings.hpp"
#include "outside.hpp"

#include <eventloom/projections/table.hpp>
#include <eventloom/service/service.hpp>

#include <memory>
#include <optional>

namespace grand_hotel {

struct HotelOptions {
    std::chrono::milliseconds pay_within = std::chrono::minutes{15};
    std::string outside = {}; // the file that stands for the world outside; empty: `outside` in the data directory
};

class Hotel final : public el::OpenService {
public:
    static el::result<std::unique_ptr<Hotel>> open(const el::Runtime& runtime, const std::string& directory,
                                                   const HotelOptions& options, bool create_if_missing);
    explicit Hotel(std::string outside_file) : outside_{std::move(outside_file)} {}

    el::Service& service() override { return *service_; }
    const Outside& outside() const { return outside_; }
    const el::Table<StayId, BookingRow>& bookings() const { return *bookings_; }

private:
    Outside outside_; // outlives the service that calls it
    std::unique_ptr<el::Service> service_;
    std::optional<el::Table<StayId, BookingRow>> bookings_;
};

} // namespace grand_hotel
