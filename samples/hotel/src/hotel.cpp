#include "hotel.hpp"

namespace grand_hotel {

el::result<std::unique_ptr<Hotel>> Hotel::open(const el::Runtime& runtime, const std::string& directory,
                                               const HotelOptions& options, bool create_if_missing)
{
    auto hotel = std::make_unique<Hotel>(options.outside.empty() ? directory + "/outside" : options.outside);
    BOOST_OUTCOME_TRY(hotel->service_,
                      el::Service::open(runtime, {.directory = directory, .create_if_missing = create_if_missing}));
    BOOST_OUTCOME_TRY(hotel->bookings_, hotel->service_->projections().add(grand_hotel::bookings()));
    auto& sagas = hotel->service_->sagas();
    sagas.add(booking(options.pay_within));
    sagas.add(reminder());
    hotel->outside_.perform_for(sagas);
    return hotel;
}

} // namespace grand_hotel
