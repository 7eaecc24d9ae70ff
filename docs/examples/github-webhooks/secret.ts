/** What GitHub and the server share. */
export const SECRET = "it is a secret to everybody";
