# What British readers read otherwise; everything else is en-US.
ships = Sent as a parcel
ships-from = Sent from { $place }
sum-shipping = Delivery
explain-shipping = Delivery { $amount } by the shop’s table.
line-not-shipped = Not delivered to this country
line-place = Delivery depends on the region or the postcode: say it at the checkout
line-not-to-place = Not delivered to this region or postcode
fault-not-sent = Not everything in your cart is delivered there: choose another place, or take it out of the cart
cart-place = Delivery and tax for { $country }; you can change the country at the top of the page.
checkout-again-hint = Delivery and tax depend on the place. After a change, this shows the new total.
place-part-neighborhood = Neighbourhood
ship-divisor = Cubic centimetres that count as a kilogram
