/** The contract kit: what every transport must prove, as cases for any test runner. docs/contract.md lists them. */
export { contractCases } from "./run.js";
export type { ContractCase } from "./run.js";
export { reportContract } from "./report.js";
export type { ContractFailure, ContractReport, ReportOptions } from "./report.js";
export { capabilities, catalogue, musts } from "./catalogue.js";
export { ContractFault } from "./claims.js";
export type { CaseDefinition, CaseGroup } from "./case.js";
export type { Scene } from "./scene.js";
export type { ContractFeatures, TransportFactory } from "./subject.js";
export type { Place } from "./place.js";
export { contractProcess } from "./contract-process.js";
export type { Forked, Heal, Hooks, Kill, Lent, Link, OpenTransaction, Refusable, Weather } from "./hooks.js";
