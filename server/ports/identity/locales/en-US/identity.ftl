# Sign-in pages and mails of the built-in provider.
idp-skip = Skip to the form
idp-sign-in-title = Sign in
idp-from = You come from { $client } and return there.
idp-back-to = Back to { $client }
idp-email = E-mail
idp-email-hint = If you have no account yet, you can create one in the next step.
idp-continue = Continue
idp-password-title = Your password
idp-for-email = For { $email }
idp-other-email = Use another e-mail
idp-password = Password
idp-sign-in = Sign in
idp-no-account = No account with this e-mail yet?
idp-create = Create an account
idp-forgot = Forgot your password?
idp-forgot-send = Send me a link
idp-create-title = Create an account
idp-name = Name
idp-name-hint = How we address you. You can leave it empty.
idp-new-password = New password
idp-password-hint = At least { $count } characters. A few words in a row are easy to remember.
idp-have-account = I have an account
idp-sent-title = Look into your mailbox
idp-sent = We sent a mail to { $email }. Open the link in it to go on. It works for { $hours ->
    [one] one hour
   *[other] { $hours } hours
}.
idp-sent-missing = No mail? Look into the spam folder, or try again in a few minutes.
idp-verify-title = Confirm your e-mail
idp-verify-text = This creates your account for { $email }.
idp-verify-password = The password you chose
idp-verify-password-hint = You opened the link in another browser, so we ask once more.
idp-verify-again = Not your password? Start again and choose a new one.
idp-confirm = Confirm
idp-reset-title = Choose a new password
idp-reset-text = For { $email }. Everyone signed in to this account is signed out.
idp-reset-save = Save and sign in
idp-nobody-title = There is no account with this e-mail
idp-nobody-text = Create one with { $email }, or try another e-mail.
idp-start-again = Start again
idp-link-gone-title = This link does not work any more
idp-link-gone-text = It was used already or is too old. Start again to get a new one.
idp-logout-title = Sign out
idp-logout-text = Do you want to sign out of { $site } in this browser?
idp-logout = Sign out
idp-stay = Stay signed in
idp-logged-out-title = You are signed out
idp-error-title = This cannot be opened
idp-error-summary = Please check this
idp-error-wrong = E-mail or password is wrong. Try again, or get a link to set a new password.
idp-error-email = This is not an e-mail address. It looks like name@example.com.
idp-error-password = The password must have { $count } to 256 characters.
idp-error-wait = Too many attempts. Try again in { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
}.
idp-error-origin = The form was sent from another site, so nothing was done. Go back and try again.
idp-error-redirect-title = The return address is not registered
idp-error-redirect-text = The app asked to return to an address that is not on its list. If you run the app, register exactly this address:
idp-error-client-title = The app is not known
idp-error-client-text = No app is registered under the id “{ $client }”.
idp-error-request-text = The app sent a request that is not understood. Go back to it and try again.
idp-error-internal-title = Something went wrong here
idp-error-internal-text = Nothing is lost. Try again in a moment. If it stays, tell us this number: { $id }
idp-mail-sign-up-subject = Confirm your e-mail
idp-mail-sign-up-text = You want to create an account at { $site }. Open this link to confirm that the address is yours:
idp-mail-registered-subject = You have an account already
idp-mail-registered-text = Somebody, probably you, wanted to create an account at { $site } with this address. It has one. Sign in with your password, or set a new one here:
idp-mail-reset-subject = Set a new password
idp-mail-reset-text = Open this link to choose a new password for { $site }:
idp-mail-nobody-subject = No account with this address
idp-mail-nobody-text = Somebody, probably you, wanted a new password at { $site }. There is no account with this address. You can create one here:
idp-mail-life = The link works for { $hours ->
    [one] one hour
   *[other] { $hours } hours
} and only once.
idp-mail-not-you = If that was not you, there is nothing to do.
idp-mail-device-subject = New sign-in to { $site }
idp-mail-device-text = Your account at { $site } was just signed in to with a browser it was never used with before: { $browser }. If that was not you, set a new password now; it signs out everyone, everywhere:
idp-mail-device-unnamed = one that does not say its name
idp-mail-was-you = If that was you, there is nothing to do.
