/** The one form of the package `ms` that Signalbox uses; it ships no types. */
declare module "ms" {
  export default function ms(text: string): number | undefined;
}
