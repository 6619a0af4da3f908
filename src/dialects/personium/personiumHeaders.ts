/** On every answer in Personium's form. The version is that of the API which is spoken. */
export const PERSONIUM_HEADERS = {
  'X-Personium-Version': '1.8.4',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Allow, Retry-After, WWW-Authenticate, X-Personium-Version',
};
